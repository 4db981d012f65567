using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DevOpsAgent.Exec.Remote;

/// <summary>
/// A caller on the Unix socket. The kernel says which user it is, so no key is needed; in the ACL it stands by this agent id,
/// together with the machine id of the machine itself. No key can have such an id: it is the hash of a text that is no key.
/// </summary>
internal static class LocalCaller
{
    /// <summary>SHA-256 of "devops-agent local uid 1000", 64 hex digits.</summary>
    public static string AgentId(uint uid) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"devops-agent local uid {uid}"))));
}
