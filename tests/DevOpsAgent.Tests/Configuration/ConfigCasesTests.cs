using DevOpsAgent.Configuration;

namespace DevOpsAgent.Tests.Configuration;

/// <summary>
/// Each folder under Cases/config holds config.yaml, env (NAME=value lines, optional) and expected.txt: every problem with
/// its place; or, where the file is fine, its warnings and the values that differ from the defaults.
/// </summary>
public sealed class ConfigCasesTests
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "Cases", "config");

    public static TheoryData<string> Cases() => [.. Directory.GetDirectories(Root).Select(static d => Path.GetFileName(d)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Case(string name)
    {
        var folder = Path.Combine(Root, name);
        var actual = Outcome(folder);
        actual.ShouldBe(WithoutEmptyGroups(File.ReadAllText(Path.Combine(folder, "expected.txt"))));
    }

    /// <summary>A group of which all keys have their defaults says nothing: a new one must not change every case.</summary>
    private static string WithoutEmptyGroups(string text)
    {
        var lines = text.Split('\n').ToList();
        for (var i = lines.Count - 1; i >= 0; i--)
        {
            if (lines[i].EndsWith(':') && lines[i].TrimStart().All(static c => char.IsAsciiLetterLower(c) || c is '_' or ':')
                && (i + 1 == lines.Count || Indent(lines[i + 1]) <= Indent(lines[i])))
            {
                lines.RemoveAt(i);
            }
        }

        return string.Join('\n', lines);

        static int Indent(string line) => line.Length - line.TrimStart().Length;
    }

    private static string Outcome(string folder)
    {
        var file = Path.Combine(folder, "config.yaml");
        var env = Path.Combine(folder, "env");
        var request = new ConfigRequest
        {
            File = file,
            Environment = (File.Exists(env) ? File.ReadAllLines(env) : []).Select(static l => l.Split('=', 2)).ToDictionary(static p => p[0], static p => p[1], StringComparer.Ordinal),
        };
        string[] lines;
        try
        {
            var loaded = ConfigReader.Load(request);
            var set = ConfigText.Of(loaded.Config, loaded.Origins).Split('\n')
                .Where(static l => l.Length > 0 && !l.EndsWith("# default", StringComparison.Ordinal));
            lines = [.. loaded.Warnings.Select(static w => "warning: " + w), .. set];
        }
        catch (ConfigException e)
        {
            lines = [.. e.Problems.Select(static p => p.ToString())];
        }

        return WithoutEmptyGroups(string.Concat(lines.Select(l => l.Replace(file, "config.yaml", StringComparison.Ordinal) + "\n")));
    }
}
