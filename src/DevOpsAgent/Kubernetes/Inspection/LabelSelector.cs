using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>A label selector, from its text ("app=web,tier in (a,b)") or its object (matchLabels, matchExpressions).</summary>
internal sealed class LabelSelector
{
    private readonly List<(string Key, string Operator, IReadOnlyList<string> Values)> _wanted = [];

    /// <summary>False: the text can't be read; nothing matches then.</summary>
    public bool Readable { get; private set; } = true;

    /// <summary>Labels that satisfy it; what only asks for absence adds none.</summary>
    public IReadOnlyDictionary<string, string> Satisfying
    {
        get
        {
            var labels = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var (key, how, values) in _wanted)
            {
                if (how == "In")
                {
                    labels.TryAdd(key, values.Order(StringComparer.Ordinal).FirstOrDefault() ?? "");
                }
                else if (how == "Exists")
                {
                    labels.TryAdd(key, "true");
                }
            }

            return labels;
        }
    }

    public static LabelSelector OfObject(JsonNode? selector)
    {
        var read = new LabelSelector();
        foreach (var (key, value) in selector.At("matchLabels").TextMap())
        {
            read._wanted.Add((key, "In", [value]));
        }

        foreach (var expression in selector.At("matchExpressions").Items())
        {
            read._wanted.Add((expression.At("key").Text() ?? "", expression.At("operator").Text() ?? "", expression.At("values").Texts()));
        }

        return read;
    }

    public static LabelSelector OfText(string text)
    {
        var read = new LabelSelector();
        foreach (var part in Parts(text))
        {
            read.Add(part);
        }

        return read;
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels) => Readable && _wanted.TrueForAll(w => w.Operator switch
    {
        "In" => labels.TryGetValue(w.Key, out var value) && w.Values.Contains(value, StringComparer.Ordinal),
        "NotIn" => !labels.TryGetValue(w.Key, out var value) || !w.Values.Contains(value, StringComparer.Ordinal),
        "Exists" => labels.ContainsKey(w.Key),
        "DoesNotExist" => !labels.ContainsKey(w.Key),
        _ => false,
    });

    private void Add(string part)
    {
        var open = part.IndexOf('(', StringComparison.Ordinal);
        if (open >= 0 && part.EndsWith(')'))
        {
            var words = part[..open].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            Readable &= words.Length == 2 && words[1] is "in" or "notin";
            _wanted.Add((words.FirstOrDefault() ?? "", words.ElementAtOrDefault(1) == "notin" ? "NotIn" : "In", part[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries)));
        }
        else if (part.IndexOf("!=", StringComparison.Ordinal) is > 0 and var not)
        {
            _wanted.Add((part[..not].Trim(), "NotIn", [part[(not + 2)..].Trim()]));
        }
        else if (part.IndexOf('=', StringComparison.Ordinal) is > 0 and var equal)
        {
            _wanted.Add((part[..equal].Trim(), "In", [part[(equal + 1)..].TrimStart('=').Trim()]));
        }
        else
        {
            _wanted.Add(part.StartsWith('!') ? (part[1..].Trim(), "DoesNotExist", []) : (part, "Exists", []));
        }
    }

    // The commas in "a in (x,y),b=c" that are not in parentheses.
    private static IEnumerable<string> Parts(string text)
    {
        var (depth, start) = (0, 0);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                if (text[start..i].Trim() is { Length: > 0 } part)
                {
                    yield return part;
                }

                start = i + 1;
            }
            else
            {
                depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
            }
        }
    }
}
