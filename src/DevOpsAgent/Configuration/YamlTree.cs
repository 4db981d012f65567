using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DevOpsAgent.Configuration;

/// <summary>
/// Reads one YAML document into <see cref="ConfigNode"/>s. An alias shares the node that it names instead of copying it, so
/// ten lines of aliases to aliases (a "billion laughs" file) stay ten nodes; depth and number of nodes are bounded besides.
/// </summary>
internal sealed class YamlTree
{
    private const int MaxDepth = 32;
    private const int MaxNodes = 100_000;

    private readonly string _file;
    private readonly List<ConfigProblem> _problems;
    private readonly Parser _parser;
    private readonly Dictionary<AnchorName, ConfigNode> _anchors = [];
    private int _nodes;

    private YamlTree(string text, string file, List<ConfigProblem> problems)
    {
        _file = file;
        _problems = problems;
        _parser = new Parser(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>False: not readable as one YAML document; problems then tell where. An empty document gives an empty map. Never throws.</summary>
    public static bool TryRead(string text, string file, List<ConfigProblem> problems, out ConfigNode root)
    {
        root = new ConfigMap([], 1, 1);
        try
        {
            root = new YamlTree(text, file, problems).Document() ?? root;
            return true;
        }
        catch (Refused e)
        {
            problems.Add(e.Problem);
        }
        catch (YamlException e)
        {
            var tab = e.Message.Contains("tab", StringComparison.Ordinal) ? TabIndentation(text) : null;
            problems.Add(tab is { } line
                ? new(file, line, 1, "indented with a tab; YAML allows spaces only: replace it by two spaces")
                : new(file, (int)e.Start.Line, (int)e.Start.Column, $"not valid YAML: {Plain(e.Message)}"));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            problems.Add(new(file, 0, 0, $"not valid YAML: {Plain(e.Message)}"));
        }

        return false;
    }

    private ConfigNode? Document()
    {
        ConfigNode? root = null;
        var documents = 0;
        while (_parser.MoveNext())
        {
            switch (_parser.Current)
            {
                case DocumentStart start when ++documents > 1:
                    throw Refuse(start, "a second document ('---') begins here; keep one document per file");
                case NodeEvent or AnchorAlias:
                    root = Node(_parser.Current, 0);
                    break;
            }
        }

        return root is ConfigScalar { IsNull: true } ? null : root;
    }

    private ConfigNode Node(ParsingEvent at, int depth)
    {
        if (depth > MaxDepth)
        {
            throw Refuse(at, $"nested deeper than {MaxDepth} levels");
        }

        if (++_nodes > MaxNodes)
        {
            throw Refuse(at, string.Create(CultureInfo.InvariantCulture, $"more than {MaxNodes:N0} values"));
        }

        if (at is AnchorAlias alias)
        {
            // An anchor is known only once its node is complete: "a: &x [*x]" can't build a ring.
            return _anchors.TryGetValue(alias.Value, out var shared)
                ? shared
                : throw Refuse(at, $"alias *{alias.Value} has no anchor &{alias.Value} before it");
        }

        if (at is not NodeEvent begun)
        {
            throw Refuse(at, "not valid YAML");
        }

        if (!begun.Tag.IsEmpty)
        {
            throw Refuse(at, $"type tag '{begun.Tag}' is not used here; delete it");
        }

        ConfigNode node = begun switch
        {
            Scalar s => Text(s),
            SequenceStart s => Sequence(s, depth),
            MappingStart m => Mapping(m, depth),
            _ => throw Refuse(at, "not valid YAML"),
        };
        if (!begun.Anchor.IsEmpty)
        {
            _anchors[begun.Anchor] = node;
        }

        return node;
    }

    private static ConfigScalar Text(Scalar s) => new(s.Value, s.Style == ScalarStyle.Plain, (int)s.Start.Line, (int)s.Start.Column);

    private ConfigList Sequence(SequenceStart start, int depth)
    {
        var items = new List<ConfigNode>();
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            items.Add(Node(_parser.Current!, depth + 1));
        }

        return new(items, (int)start.Start.Line, (int)start.Start.Column);
    }

    private ConfigMap Mapping(MappingStart start, int depth)
    {
        var entries = new List<ConfigEntry>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            var at = _parser.Current!;
            if (Node(at, depth + 1) is not ConfigScalar key)
            {
                throw Refuse(at, "a key must be plain text; did you mean to quote a value that begins with { or [ ?");
            }

            _parser.MoveNext();
            var value = Node(_parser.Current!, depth + 1);
            if (seen.TryAdd(key.Value, (int)at.Start.Line))
            {
                entries.Add(new(key, value));
            }
            else
            {
                _problems.Add(new(_file, (int)at.Start.Line, (int)at.Start.Column, $"'{key.Value}' stands here a second time, first on line {seen[key.Value]}; keep one of them"));
            }
        }

        return new(entries, (int)start.Start.Line, (int)start.Start.Column);
    }

    private Refused Refuse(ParsingEvent at, string message) => new(new(_file, (int)at.Start.Line, (int)at.Start.Column, message));

    private static int? TabIndentation(string text)
    {
        var line = 0;
        foreach (var row in text.AsSpan().EnumerateLines())
        {
            line++;
            if (row.TrimStart(' ') is ['\t', ..])
            {
                return line;
            }
        }

        return null;
    }

    // "While parsing a flow sequence, did not find expected ',' or ']'." -> without the full stop
    private static string Plain(string message) => char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');

    private sealed class Refused(ConfigProblem problem) : Exception(problem.Message)
    {
        public ConfigProblem Problem { get; } = problem;
    }
}
