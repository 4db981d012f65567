using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.RuntimeGuard;

/// <summary>Reads the policy from its file. Who may change the file decides what is enforced, so the file must not be everybody's.</summary>
internal static class PolicyFile
{
    public const string DefaultPath = "/etc/devops-agent/guard-policy.yaml";

    private const int MaxBytes = 16 << 20;

    /// <summary>Throws nothing but <see cref="ConfigException"/>, with all that is wrong at once.</summary>
    public static GuardPolicy Load(string path)
    {
        var problems = new List<ConfigProblem>();
        var policy = TryLoad(path, problems);
        return policy ?? throw new ConfigException(problems);
    }

    /// <summary>Null: problems say why. Never throws.</summary>
    public static GuardPolicy? TryLoad(string path, List<ConfigProblem> problems) =>
        ReadText(path, problems) is { } text ? PolicyReader.Read(text, path, new PathResolver().Resolve, problems) : null;

    private static string? ReadText(string path, List<ConfigProblem> problems)
    {
        try
        {
            if (!OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & UnixFileMode.OtherWrite) != UnixFileMode.None)
            {
                problems.Add(new(path, 0, 0, "may be changed by everybody, who could then switch the guard off; take that right away (chmod o-w)"));
                return null;
            }

            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            var bytes = new byte[Math.Min(MaxBytes, stream.CanSeek ? stream.Length : MaxBytes) + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length <= MaxBytes)
            {
                return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length).TrimStart('\uFEFF');
            }

            problems.Add(new(path, 0, 0, "is larger than 16 MiB; is it really the policy?"));
        }
        catch (DecoderFallbackException e)
        {
            problems.Add(new(path, 0, 0, $"is not UTF-8 text (byte {e.Index}); save it as UTF-8"));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            problems.Add(new(path, 0, 0, "does not exist; check the path, or write a first policy with 'devops-agent guard learn'"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problems.Add(new(path, 0, 0, $"can't be read: {e.Message}"));
        }

        return null;
    }
}
