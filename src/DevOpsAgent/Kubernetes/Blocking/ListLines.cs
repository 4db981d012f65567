using System.Text.RegularExpressions;
using DevOpsAgent.Addresses;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Our lines in a text of somebody else: a plain list of addresses, or one deny list in YAML. Each line of ours ends with a mark,
/// so that it is known again whatever is changed around it, and nothing else is touched.
/// </summary>
internal static partial class ListLines
{
    public const string Mark = "# devops-agent";

    /// <summary>The text with exactly these of ours.</summary>
    /// <exception cref="LayoutException">It is no list in which a denial can be said.</exception>
    public static string With(string text, IReadOnlyList<AddressRange> denied)
    {
        var lines = Without(text);
        if (denied.Count == 0)
        {
            return string.Join('\n', lines);
        }

        var (at, indent) = Place(lines);
        lines.InsertRange(at, Ours(denied, indent));
        return string.Join('\n', lines);
    }


    private static List<string> Without(string text) => [.. text.Split('\n').Where(static l => !IsOurs(l))];

    private static bool IsOurs(string line) => line.TrimEnd().EndsWith(Mark, StringComparison.Ordinal);

    private static IEnumerable<string> Ours(IReadOnlyList<AddressRange> denied, string? indent) =>
        denied.Select(d => indent is null ? $"{d} {Mark}" : $"{indent}- {d.ToCidr()} {Mark}");

    /// <summary>Before which line, and for YAML the indentation of its items.</summary>
    private static (int At, string? Indent) Place(List<string> lines)
    {
        var keys = lines.Index().Where(static l => DenyKey().IsMatch(l.Item)).ToArray();
        if (keys.Length == 1)
        {
            return InYaml(lines, keys[0].Index);
        }

        if (keys.Length > 1)
        {
            throw new LayoutException($"it has {keys.Length} deny lists, so it can't be told which is meant");
        }

        // 203.0.113.7
        // 198.51.100.0/24   # since march
        var used = lines.Select(static l => l.Split('#')[0].Trim()).Where(static l => l.Length > 0).ToArray();
        if (used.FirstOrDefault(static l => !AddressRange.TryParse(l, out _)) is { } other)
        {
            throw new LayoutException($"it is neither a list of one address or range a line nor YAML with one deny list (ipDenyList, denyList, blockList or blackList) whose items stand one a line: '{FieldManagers.Printable(other)}'");
        }

        var end = lines.Count;
        while (end > 0 && lines[end - 1].Trim().Length == 0)
        {
            end--;
        }

        return (end, null);
    }

    private static (int At, string? Indent) InYaml(List<string> lines, int key)
    {
        var depth = Depth(lines[key]);
        var (at, indent) = (key + 1, new string(' ', depth + 2));
        for (var i = key + 1; i < lines.Count; i++)
        {
            var line = lines[i];
            if (line.Trim().Length == 0 || line.TrimStart()[0] == '#')
            {
                continue;
            }

            if (!line.TrimStart().StartsWith("- ", StringComparison.Ordinal) || Depth(line) < depth)
            {
                break;
            }

            (at, indent) = (i + 1, new string(' ', Depth(line)));
        }

        return (at, indent);
    }

    private static int Depth(string line) => line.Length - line.TrimStart(' ').Length;

    // "        ipDenyList:"   A list in brackets has its items behind the colon and is not taken for one.
    [GeneratedRegex(@"^\s*(- )?(ip)?(deny|block|black)_?list:\s*(#.*)?$", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex DenyKey();
}
