using DevOpsAgent.Configuration;

namespace DevOpsAgent.Detection;

/// <summary>
/// Where rules come from: the built-in set, then the configured files and folders in their order. A rule with a known
/// id replaces the earlier one; a list file (*.txt, or below lists/) with a known name likewise.
/// </summary>
internal static class RuleLibrary
{
    private const string ResourcePrefix = "rules/";

    /// <summary>Everything in force under this configuration. Throws <see cref="ConfigException"/> with all problems at once.</summary>
    public static RuleSet Load(DetectionConfig config)
    {
        var problems = new List<ConfigProblem>();
        var files = BuiltIn().ToList();
        foreach (var path in config.Rules)
        {
            files.AddRange(Configured(path, problems));
        }

        var lists = new Dictionary<string, PatternList>(StringComparer.Ordinal);
        foreach (var (name, text) in files.Where(f => IsList(f.Name)))
        {
            var key = Path.GetFileNameWithoutExtension(name);
            lists[key] = PatternListReader.Read(key, name, text, problems);
        }

        if (lists.Count > PatternLists.MaxLists)
        {
            problems.Add(new("detection.rules", 0, 0, $"{lists.Count} lists; at most {PatternLists.MaxLists} fit. Merge some."));
            throw new ConfigException(problems);
        }

        if (lists.Values.Sum(l => l.Patterns.Where(p => p.Text[0] == '~').Sum(p => p.Text.Length)) >= SubstringAutomaton.MaxStates)
        {
            problems.Add(new("detection.rules", 0, 0, $"The ~texts of all lists together are longer than {SubstringAutomaton.MaxStates} bytes."));
            throw new ConfigException(problems);
        }

        var compiled = new PatternLists([.. lists.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => l.Value)]);
        var rules = new Dictionary<string, Rule>(StringComparer.Ordinal);
        foreach (var (name, text) in files.Where(f => !IsList(f.Name)))
        {
            var inFile = new HashSet<string>(StringComparer.Ordinal);
            foreach (var rule in new RuleReader(name, compiled, problems).Read(text))
            {
                if (!inFile.Add(rule.Id))
                {
                    problems.Add(new(name, 0, 0, $"The rule '{rule.Id}' stands twice in this file."));
                }

                rules[rule.Id] = rule;
            }
        }

        foreach (var id in config.DisabledRules.Where(id => !rules.Remove(id)))
        {
            problems.Add(new("detection.disabled_rules", 0, 0, $"There is no rule '{id}'{RuleFields.Nearest(id, rules.Keys)}"));
        }

        var ordered = rules.Values.OrderBy(r => r.Id, StringComparer.Ordinal).ToArray();
        if (ordered.SelectMany(r => r.When).Where(c => c.Count == CountKind.Ratio).Select(c => c.Within).Distinct().Count() > RuleSet.MaxRatioWindows)
        {
            problems.Add(new("detection.rules", 0, 0, $"Ratio conditions use more than {RuleSet.MaxRatioWindows} different windows."));
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }

        return new(ordered, compiled);
    }

    private static bool IsList(string name) => name.EndsWith(".txt", StringComparison.Ordinal);

    private static IEnumerable<(string Name, string Text)> BuiltIn()
    {
        var assembly = typeof(RuleLibrary).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            using var reader = new StreamReader(stream);
            yield return (name, reader.ReadToEnd());
        }
    }

    private static IEnumerable<(string Name, string Text)> Configured(string path, List<ConfigProblem> problems)
    {
        string[] files;
        if (Directory.Exists(path))
        {
            files = [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(f => Path.GetExtension(f) is ".yaml" or ".yml" or ".txt").Order(StringComparer.Ordinal)];
        }
        else if (File.Exists(path))
        {
            files = [path];
        }
        else
        {
            problems.Add(new(path, 0, 0, "No such file or folder. Correct detection.rules."));
            return [];
        }

        var result = new List<(string, string)>();
        foreach (var file in files)
        {
            try
            {
                result.Add((file, File.ReadAllText(file)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                problems.Add(new(file, 0, 0, $"Can't be read: {e.Message}"));
            }
        }

        return result;
    }
}
