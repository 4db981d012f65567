using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Mapping;

/// <summary>A rule for new fields: which JSON type, name or path it is for, and the mapping they get.</summary>
internal sealed record DynamicTemplate(string Name, string? MatchType, string? Match, string? Unmatch, string? PathMatch, JsonElement Mapping)
{
    public static DynamicTemplate Parse(JsonElement element)
    {
        var named = element.EnumerateObject().First();
        string? type = null;
        string? match = null;
        string? unmatch = null;
        string? path = null;
        JsonElement? mapping = null;
        foreach (var p in named.Value.EnumerateObject())
        {
            switch (p.Name)
            {
                case "match_mapping_type": type = DslJson.Text(p.Value); break;
                case "match": match = DslJson.Text(p.Value); break;
                case "unmatch": unmatch = DslJson.Text(p.Value); break;
                case "path_match": path = DslJson.Text(p.Value); break;
                case "mapping": mapping = p.Value; break;
                default: throw DslException.NotSupported($"dynamic_templates.{p.Name}");
            }
        }

        return new(named.Name, type, match, unmatch, path, mapping ?? throw new DslException("mapper_parsing_exception", $"template [{named.Name}] must have a mapping"));
    }

    /// <param name="jsonType">string, long, double, boolean, date or object.</param>
    /// <param name="path">Full name of the new field.</param>
    public bool IsFor(string jsonType, string path)
    {
        var name = path[(path.LastIndexOf('.') + 1)..];
        return (MatchType is null or "*" || MatchType == jsonType)
            && (Match is null || NamePattern.IsMatch(Match, name)) && (Unmatch is null || !NamePattern.IsMatch(Unmatch, name))
            && (PathMatch is null || NamePattern.IsMatch(PathMatch, path));
    }
}
