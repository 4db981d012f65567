using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards;

/// <summary>Names the policy that a call was judged by: SHA-256 over the effective keys below guards and blocking and the guards' names in order.</summary>
internal static class PolicyHash
{
    public static string Of(AgentConfig config, IReadOnlyList<IGuard> guards)
    {
        var text = new StringBuilder();
        foreach (var key in ConfigKeys.All.Keys)
        {
            if (key.Path.StartsWith("guards.", StringComparison.Ordinal) || key.Path.StartsWith("blocking.", StringComparison.Ordinal))
            {
                text.Append(key.Path).Append('=').Append(key.Show(config)?.ToJsonString() ?? "null").Append('\n');
            }
        }

        foreach (var guard in guards)
        {
            text.Append(guard.Name).Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
