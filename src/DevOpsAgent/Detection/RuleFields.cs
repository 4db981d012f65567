using System.Globalization;
using DevOpsAgent.Configuration;
using YamlDotNet.RepresentationModel;

using YamlNode = YamlDotNet.RepresentationModel.YamlNode;

namespace DevOpsAgent.Detection;

/// <summary>Typed reads from YAML nodes of one file; what is wrong becomes a problem at the node's place.</summary>
internal sealed class RuleFields(string file, ICollection<ConfigProblem> problems)
{
    public void Wrong(YamlNode node, string message) => problems.Add(new(file, (int)node.Start.Line, (int)node.Start.Column, message));

    public string Scalar(YamlNode node) => (node as YamlScalarNode)?.Value ?? "";

    public YamlNode? Node(YamlMappingNode map, string key) => map.Children.FirstOrDefault(c => Scalar(c.Key) == key).Value;

    /// <summary>A list, or one value that stands for a list of one.</summary>
    public IReadOnlyList<YamlNode> Items(YamlMappingNode map, string key) => Node(map, key) switch
    {
        null => [],
        YamlSequenceNode list => [.. list.Children],
        var one => [one],
    };

    public bool OnlyKeys(YamlMappingNode map, IReadOnlyCollection<string> known, string what)
    {
        var fine = true;
        foreach (var key in map.Children.Keys)
        {
            if (!known.Contains(Scalar(key), StringComparer.Ordinal))
            {
                fine = false;
                Wrong(key, $"Unknown key '{Scalar(key)}' in {what}{Nearest(Scalar(key), known)}");
            }
        }

        return fine;
    }

    public string Text(YamlMappingNode map, string key, bool required)
    {
        var text = Node(map, key) is { } node ? Scalar(node) : "";
        if (required && string.IsNullOrWhiteSpace(text))
        {
            Wrong(Node(map, key) ?? map, $"'{key}' is missing.");
        }

        if (text.Length > 200)
        {
            Wrong(Node(map, key)!, $"'{key}' is longer than 200 characters.");
        }

        return text;
    }

    /// <summary>Lower-case letters, digits and dashes.</summary>
    public string Slug(YamlMappingNode map, string key)
    {
        var text = Text(map, key, required: true);
        if (text.Length > 64 || !text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            Wrong(Node(map, key)!, $"'{key}' has at most 64 lower-case letters, digits and dashes.");
        }

        return text;
    }

    public double Number(YamlMappingNode map, string key, double absent, double min, double max, bool whole = true)
    {
        if (Node(map, key) is not { } node)
        {
            return absent;
        }

        if (!double.TryParse(Scalar(node), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value)
            || value < min || value > max || (whole && value != Math.Floor(value)))
        {
            Wrong(node, $"'{key}' is {(whole ? "a whole number" : "a number")} from {min.ToString(CultureInfo.InvariantCulture)} to {max.ToString(CultureInfo.InvariantCulture)}, not '{Scalar(node)}'.");
            return absent;
        }

        return value;
    }

    public T? Choice<T>(YamlMappingNode map, string key, bool required = true)
        where T : struct, Enum
    {
        var names = Enum.GetNames<T>().Select(n => n.ToLowerInvariant()).ToArray();
        var text = Text(map, key, required);
        var index = Array.IndexOf(names, text);
        if (index >= 0)
        {
            return Enum.GetValues<T>()[index];
        }

        if (text.Length > 0)
        {
            Wrong(Node(map, key)!, $"'{key}' is one of {string.Join(", ", names)}, not '{text}'.");
        }

        return null;
    }

    /// <summary>"90s", "10m", "4h", "7d": above zero, at most 30 days.</summary>
    public TimeSpan? Duration(YamlMappingNode map, string key, bool required)
    {
        if (Node(map, key) is not { } node)
        {
            if (required)
            {
                Wrong(map, $"'{key}' is missing.");
            }

            return null;
        }

        var text = Scalar(node);
        var seconds = text.Length < 2 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 };
        if (seconds == 0 || !double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || !double.IsFinite(number) || number * seconds < 1 || number * seconds > 30 * 86400)
        {
            Wrong(node, $"'{key}' is a time from 1s to 30d, as 90s, 10m, 4h or 7d, not '{text}'.");
            return null;
        }

        return TimeSpan.FromSeconds(number * seconds);
    }

    /// <summary>": did you mean 'x'?" or a list of what is known.</summary>
    public static string Nearest(string given, IEnumerable<string> known)
    {
        var names = known.ToArray();
        var best = names.MinBy(n => Distance(given, n));
        return best is not null && Distance(given, best) <= Math.Max(2, given.Length / 3)
            ? $"; did you mean '{best}'?"
            : $". Known: {string.Join(", ", names.Order(StringComparer.Ordinal))}.";
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
