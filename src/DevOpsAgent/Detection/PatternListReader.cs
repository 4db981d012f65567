using System.Globalization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Detection;

/// <summary>Reads list files. Whatever is wrong becomes a problem with its line; never throws.</summary>
internal static class PatternListReader
{
    private const int MaxLength = 200;

    public static PatternList Read(string name, string file, string text, ICollection<ConfigProblem> problems)
    {
        var patterns = new List<Pattern>();
        var targets = name.EndsWith("-agents", StringComparison.Ordinal) || name.StartsWith("agents", StringComparison.Ordinal)
            ? MatchTarget.Agent
            : MatchTarget.Path;
        int depth = byte.MaxValue, number = 0;
        var stem = false;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim(' ', '\t', '\r', '\uFEFF');
            if (line == "#@stem")
            {
                stem = true;
            }
            else if (line.StartsWith("#@", StringComparison.Ordinal))
            {
                ReadDirective(line[2..], file, number, ref targets, ref depth, problems);
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                if (Problem(line) is { } problem)
                {
                    problems.Add(new(file, number, 1, problem));
                }
                else
                {
                    patterns.Add(new(line, number));
                }
            }
        }

        return new() { Name = name, Patterns = patterns, Targets = targets, MaxDepth = depth, Stem = stem, File = file };
    }

    private static void ReadDirective(string text, string file, int line, ref MatchTarget targets, ref int depth, ICollection<ConfigProblem> problems)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        switch (words)
        {
            case ["match", .. var names] when names.Length > 0 && names.All(n => n is "path" or "query" or "agent"):
                targets = MatchTarget.None;
                foreach (var name in names)
                {
                    targets |= name switch { "path" => MatchTarget.Path, "query" => MatchTarget.Query, _ => MatchTarget.Agent };
                }

                break;
            case ["depth", var number] when byte.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value):
                depth = value;
                break;
            default:
                problems.Add(new(file, line, 1, $"Unknown directive '#@{text}'. Known: '#@match path query agent' (one or more), '#@depth N' and '#@stem'."));
                break;
        }
    }

    private static string? Problem(string pattern)
    {
        if (pattern.Length > MaxLength)
        {
            return $"The pattern is longer than {MaxLength} characters.";
        }

        if (pattern.Any(char.IsUpper))
        {
            return $"'{pattern}' has upper-case letters; paths are compared in lower case, so it would never match.";
        }

        if (pattern[0] == '~')
        {
            return pattern.Length < 3 ? $"'{pattern}' is too short to look for anywhere: at least two characters after '~'." : null;
        }

        var body = pattern.EndsWith("/**", StringComparison.Ordinal) ? pattern[..^3]
            : pattern.EndsWith("/*", StringComparison.Ordinal) ? pattern[..^2] : pattern;
        var last = body[(body.LastIndexOf('/') + 1)..];
        var stars = body.Count(c => c == '*');
        return body.Trim('/', '*').Length == 0 ? $"'{pattern}' would match every path."
            : stars > 1 || (stars == 1 && !last.Contains('*', StringComparison.Ordinal)) ? $"'{pattern}': one '*' is allowed, in the last segment only."
            : body.Contains("//", StringComparison.Ordinal) ? $"'{pattern}' has an empty segment."
            : null;
    }
}
