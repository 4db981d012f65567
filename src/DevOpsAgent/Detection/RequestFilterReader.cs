using System.Text;
using YamlDotNet.RepresentationModel;

namespace DevOpsAgent.Detection;

/// <summary>Reads a 'where' mapping of a rule.</summary>
internal sealed class RequestFilterReader(RuleFields fields, PatternLists lists)
{
    private static readonly string[] Keys =
        ["path", "not_path", "status", "method", "agent", "not_agent", "host", "user", "shape", "not_shape", "depth"];

    private static readonly Dictionary<string, FactFlags> Shapes = new(StringComparer.Ordinal)
    {
        ["traversal"] = FactFlags.Traversal,
        ["trick"] = FactFlags.Trick,
        ["dot-name"] = FactFlags.DotName,
        ["stub"] = FactFlags.Stub,
        ["script"] = FactFlags.Script,
        ["asset"] = FactFlags.Asset,
        ["ip-host"] = FactFlags.IpHost,
        ["no-router"] = FactFlags.NoRouter,
        ["variant"] = FactFlags.Variant,
        ["item-number"] = FactFlags.ItemNumber,
        ["query"] = FactFlags.Query,
    };

    private static readonly Dictionary<string, MethodCode> Methods =
        Enum.GetValues<MethodCode>().ToDictionary(m => m.ToString().ToUpperInvariant(), StringComparer.Ordinal);

    public RequestFilter Read(YamlNode node, string[] besides)
    {
        if (node is not YamlMappingNode map)
        {
            fields.Wrong(node, $"'where' is a mapping. Its keys: {string.Join(", ", Keys)}.");
            return new();
        }

        fields.OnlyKeys(map, [.. Keys, .. besides], "'where'");
        var none = Shape(map, "not_shape");
        var any = Shape(map, "shape");
        if (fields.Node(map, "user") is { } user)
        {
            switch (fields.Scalar(user))
            {
                case "present":
                    any = any == FactFlags.None ? FactFlags.User : any;
                    if (any != FactFlags.User)
                    {
                        fields.Wrong(user, "'user: present' can't stand beside 'shape': use two conditions.");
                    }

                    break;
                case "absent":
                    none |= FactFlags.User;
                    break;
                default:
                    fields.Wrong(user, "'user' is present or absent.");
                    break;
            }
        }

        return new()
        {
            PathAny = Mask(map, "path"),
            PathNone = Mask(map, "not_path"),
            AgentAny = Mask(map, "agent"),
            AgentNone = Mask(map, "not_agent"),
            Status = Status(map),
            Methods = Method(map),
            ShapeAny = any,
            ShapeNone = none,
            Hosts = fields.Items(map, "host").Select(h => Classifier.HostHashOf(Encoding.UTF8.GetBytes(fields.Scalar(h)))).ToHashSet(),
            MaxDepth = (int)fields.Number(map, "depth", byte.MaxValue, 0, byte.MaxValue),
            Description = Describe(map, besides),
        };
    }

    private string Describe(YamlMappingNode map, string[] besides) => string.Join(", ", map.Children
        .Where(c => !besides.Contains(fields.Scalar(c.Key), StringComparer.Ordinal))
        .Select(c => $"{fields.Scalar(c.Key)} {string.Join('|', fields.Items(map, fields.Scalar(c.Key)).Select(fields.Scalar))}"));

    private ulong Mask(YamlMappingNode map, string key)
    {
        ulong mask = 0;
        foreach (var item in fields.Items(map, key))
        {
            if (lists.TryGetMask(fields.Scalar(item), out var bit))
            {
                mask |= bit;
            }
            else
            {
                fields.Wrong(item, $"There is no list '{fields.Scalar(item)}'{RuleFields.Nearest(fields.Scalar(item), lists.Names)}");
            }
        }

        return mask;
    }

    private StatusSet? Status(YamlMappingNode map)
    {
        var items = fields.Items(map, "status");
        if (items.Count == 0)
        {
            return null;
        }

        var set = new StatusSet();
        foreach (var item in items)
        {
            if (!set.TryAdd(fields.Scalar(item)))
            {
                fields.Wrong(item, $"'{fields.Scalar(item)}' is no status: write 404, 4xx, ok (2xx and 3xx) or refused (400-406, 410, 421, 429, 444, 451, 501).");
            }
        }

        return set;
    }

    private uint Method(YamlMappingNode map)
    {
        uint mask = 0;
        foreach (var item in fields.Items(map, "method"))
        {
            if (Methods.TryGetValue(fields.Scalar(item).ToUpperInvariant(), out var method))
            {
                mask |= 1u << (int)method;
            }
            else
            {
                fields.Wrong(item, $"Unknown method '{fields.Scalar(item)}'{RuleFields.Nearest(fields.Scalar(item).ToUpperInvariant(), Methods.Keys)}");
            }
        }

        return mask;
    }

    private FactFlags Shape(YamlMappingNode map, string key)
    {
        var flags = FactFlags.None;
        foreach (var item in fields.Items(map, key))
        {
            if (Shapes.TryGetValue(fields.Scalar(item), out var flag))
            {
                flags |= flag;
            }
            else
            {
                fields.Wrong(item, $"Unknown shape '{fields.Scalar(item)}'{RuleFields.Nearest(fields.Scalar(item), Shapes.Keys)}");
            }
        }

        return flags;
    }
}
