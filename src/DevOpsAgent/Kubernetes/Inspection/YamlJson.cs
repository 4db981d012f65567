using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// YAML documents as JSON, by YAML's core schema: what kubectl prints, and what Traefik reads from files. Nodes are counted where an alias
/// is taken apart, so that ten lines of aliases to aliases don't become gigabytes.
/// </summary>
internal sealed class YamlJson
{
    private const int MaxDepth = 60;
    private const int MaxNodes = 4_000_000;

    /// <summary>Values that aliases may stand for in all. kubectl prints none.</summary>
    private const int MaxCopied = 100_000;

    private readonly Parser _parser;
    private readonly Dictionary<AnchorName, JsonNode?> _anchors = [];
    private int _nodes;
    private int _copied;

    private YamlJson(string text) => _parser = new(new Scanner(new StringReader(text), skipComments: true));

    /// <summary>False: not readable; <paramref name="problem"/> tells where. Never throws. Empty documents are left out.</summary>
    public static bool TryRead(string text, out IReadOnlyList<JsonNode> documents, out string problem)
    {
        var found = new List<JsonNode>();
        (documents, problem) = (found, "");
        try
        {
            var reader = new YamlJson(text);
            while (reader._parser.MoveNext())
            {
                if (reader._parser.Current is DocumentStart)
                {
                    reader._anchors.Clear();
                }
                else if (reader._parser.Current is NodeEvent && reader.Node(0) is { } document)
                {
                    found.Add(document);
                }
            }

            return true;
        }
        catch (YamlException e)
        {
            problem = string.Create(CultureInfo.InvariantCulture, $"line {e.Start.Line}, column {e.Start.Column}: {ShownText.Of(e.Message)}");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            problem = ShownText.Of(e.Message);
        }

        return false;
    }

    private JsonNode? Node(int depth)
    {
        var at = _parser.Current!;
        if (depth > MaxDepth || ++_nodes > MaxNodes)
        {
            throw new YamlException(at.Start, at.End, depth > MaxDepth ? $"nested deeper than {MaxDepth} levels" : "too many values");
        }

        if (at is AnchorAlias alias)
        {
            return _anchors.TryGetValue(alias.Value, out var known) ? Copy(known, at, depth) : throw new YamlException(at.Start, at.End, "an alias without its anchor");
        }

        JsonNode? node = at switch
        {
            Scalar s => Value(s),
            SequenceStart => Sequence(depth),
            MappingStart => Mapping(depth),
            _ => throw new YamlException(at.Start, at.End, "not valid YAML"),
        };
        if (at is NodeEvent { Anchor.IsEmpty: false } named)
        {
            _anchors[named.Anchor] = node;
        }

        return node;
    }

    private JsonNode? Copy(JsonNode? known, ParsingEvent at, int depth)
    {
        _copied += Size(known);
        return _copied > MaxCopied || depth + Depth(known) > MaxDepth ? throw new YamlException(at.Start, at.End, "aliases make too many values") : known?.DeepClone();
    }

    private static int Size(JsonNode? node) => node switch
    {
        JsonObject map => 1 + map.Sum(static e => Size(e.Value)),
        JsonArray list => 1 + list.Sum(Size),
        _ => 1,
    };

    private static int Depth(JsonNode? node) => node switch
    {
        JsonObject map => 1 + map.Select(static e => Depth(e.Value)).DefaultIfEmpty().Max(),
        JsonArray list => 1 + list.Select(Depth).DefaultIfEmpty().Max(),
        _ => 1,
    };

    private JsonArray Sequence(int depth)
    {
        var list = new JsonArray();
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            list.Add(Node(depth + 1));
        }

        return list;
    }

    private JsonObject Mapping(int depth)
    {
        var map = new JsonObject();
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            if (_parser.Current is not Scalar key)
            {
                throw new YamlException(_parser.Current!.Start, _parser.Current.End, "a key that is not plain text");
            }

            _parser.MoveNext();
            var value = Node(depth + 1);
            if (key.Value == "<<" && value is JsonObject merged)
            {
                foreach (var (name, inherited) in merged.Where(e => !map.ContainsKey(e.Key)))
                {
                    map[name] = inherited?.DeepClone();
                }

                continue;
            }

            map[key.Value] = value;
        }

        return map;
    }

    private static JsonNode? Value(Scalar s)
    {
        if (s.Style != ScalarStyle.Plain || s.Tag == "tag:yaml.org,2002:str")
        {
            return JsonValue.Create(s.Value);
        }

        return s.Value switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when long.TryParse(s.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && !Octal(s.Value) => JsonValue.Create(number),
            _ => JsonValue.Create(s.Value),
        };
    }

    private static bool Octal(string text) => text.TrimStart('-', '+') is ['0', _, ..] || text.StartsWith('+');
}
