using System.Text;

namespace DevOpsAgent.Configuration;

/// <summary>
/// Loads the configuration: defaults, then the file, then DEVOPS_AGENT_* variables, then flags; the later wins. Everything
/// wrong in any of them is reported at once.
/// </summary>
internal static class ConfigReader
{
    /// <summary>Larger than any sensible configuration; keeps a mistyped path (a log, /dev/zero) from being read whole.</summary>
    public const int MaxFileBytes = 1 << 20;

    private const int MaxProblems = 100;

    public const string DefaultName = "default.yaml";

    /// <exception cref="ConfigException">With every problem that was found.</exception>
    public static LoadedConfig Load(ConfigRequest request)
    {
        var problems = new List<ConfigProblem>();
        var origins = new Dictionary<string, ConfigOrigin>(StringComparer.Ordinal);
        var config = new AgentConfig();

        if ((request.File is null ? BuiltIn() : ReadFile(request.File, problems)) is { } text)
        {
            ReadYaml(text, request, problems, origins, ref config);
        }

        EnvironmentOverrides.Apply(request.Environment, problems, origins, ref config);
        foreach (var flag in request.Flags)
        {
            Override(ConfigKeys.All.Find(flag.Key)!, flag.Flag, flag.Values, problems, origins, ref config);
        }

        if (problems.Count > MaxProblems)
        {
            var more = problems.Count - MaxProblems;
            problems.RemoveRange(MaxProblems, more);
            problems.Add(new(request.File ?? DefaultName, 0, 0, $"{more} more problems; is it really the configuration?"));
        }

        var warnings = new List<ConfigProblem>();
        ConfigChecks.Run(config, origins, problems, warnings);
        return problems.Count > 0
            ? throw new ConfigException(problems)
            : new() { Config = config, File = request.File, Origins = origins, Warnings = warnings };
    }

    /// <summary>The text of config/default.yaml as it was built in.</summary>
    public static string BuiltIn()
    {
        using var stream = typeof(ConfigReader).Assembly.GetManifestResourceStream(DefaultName)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Sets a key from values outside a file: several of a list are given one by one, or separated by commas.</summary>
    internal static void Override(
        ConfigKey<AgentConfig> key, string source, IReadOnlyList<string> values,
        List<ConfigProblem> problems, Dictionary<string, ConfigOrigin> origins, ref AgentConfig config)
    {
        ConfigNode node = key.IsList
            ? new ConfigList([.. values.Select(static v => new ConfigScalar(v, Plain: false, 0, 0))], 0, 0)
            : new ConfigScalar(values[^1], Plain: values[^1].Length == 0, 0, 0);
        var before = config.Logs;
        if (key.TryRead(node, new KeyReader(source, null, problems), ref config))
        {
            origins[key.Path] = new(source, 0, 0);
            if (key.Path == "logs")
            {
                // A log that the file describes keeps its options: --log only says which are followed.
                config = config with { Logs = [.. config.Logs.Select(log => before.FirstOrDefault(b => b.Path == log.Path) ?? log)] };
            }
        }
    }

    private static void ReadYaml(string text, ConfigRequest request, List<ConfigProblem> problems, Dictionary<string, ConfigOrigin> origins, ref AgentConfig config)
    {
        var name = request.File ?? DefaultName;
        if (!YamlTree.TryRead(text, name, problems, out var root))
        {
            return;
        }

        var reader = new KeyReader(name, request.Environment, problems);
        if (root is not ConfigMap map)
        {
            reader.Report(root, $"must be a group of keys, as 'mode: review', not {KeyReader.Kind(root)}");
            return;
        }

        // The built-in file says the defaults: what comes from it has no other origin.
        var known = ConfigKeys.All.TryRead(map, "", reader, ref config, request.File is null
            ? null
            : (path, node) => origins[path] = new(name, node.Line, node.Column));
        _ = known; // what is wrong is in problems
    }

    private static string? ReadFile(string file, List<ConfigProblem> problems)
    {
        string Fail(string message)
        {
            problems.Add(new(file, 0, 0, message));
            return null!;
        }

        try
        {
            if (Directory.Exists(file))
            {
                return Fail("is a directory; name the YAML file in it");
            }

            // Read as a stream: /dev/stdin and <(...) have no length.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            var bytes = new byte[MaxFileBytes + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaxFileBytes)
            {
                return Fail("is larger than 1 MiB; is it really the configuration?");
            }

            var text = bytes.AsSpan(0, length);
            text = text is [0xEF, 0xBB, 0xBF, ..] ? text[3..] : text;
            var bad = text.IndexOf((byte)0);
            return bad >= 0
                ? Fail("holds a zero byte; it must be plain UTF-8 text (saved as UTF-16?)")
                : new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(text);
        }
        catch (DecoderFallbackException e)
        {
            return Fail($"is not UTF-8 text (byte {e.Index}); save it as UTF-8");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Fail("does not exist; check the path, or leave --config out to use the defaults");
        }
        catch (UnauthorizedAccessException)
        {
            return Fail($"may not be read by user {Environment.UserName}; give it read permission");
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            return Fail($"can't be read: {e.Message}");
        }
    }
}
