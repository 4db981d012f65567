using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>
/// A picture as JSON: what 'inspect --json' prints, the page gets and a model is told. Keys are added, never renamed. The order is fixed, so
/// the same picture is the same bytes.
/// </summary>
internal static class PictureJson
{
    /// <summary>Backticks and ampersands of rules stay readable; whoever shows this in a page does so as text.</summary>
    private static readonly JsonSerializerOptions Lines = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(JsonObject json) => json.ToJsonString(Lines);

    public static JsonObject Of(ClusterPicture picture, PictureLimits limits) => new()
    {
        ["source"] = picture.Source,
        ["today"] = Texts(picture.Today),
        ["edges"] = List(picture.Edges, e => EdgeJson.Of(e, limits)),
        ["patterns"] = List(picture.Patterns.Take(limits.Patterns), p => PatternOf(p, limits)),
        ["patterns_total"] = picture.Patterns.Count,
        ["other_middlewares"] = Texts(picture.OtherMiddlewares.Take(limits.Patterns)),
        ["routes"] = List(picture.Routes.Take(limits.Routes), RouteOf),
        ["routes_total"] = picture.Routes.Count,
        ["network_policies"] = new JsonObject { ["state"] = Name(picture.Policies.State), ["by"] = picture.Policies.By, ["reason"] = picture.Policies.Reason },
        ["served"] = Texts(picture.Served.Select(static t => $"{t.ApiVersion} {t.Kind}")),
        ["gaps"] = List(picture.Gaps, static g => new JsonObject { ["what"] = g.What, ["reason"] = Name(g.Reason), ["consequence"] = g.Consequence, ["missing_rule"] = g.MissingRule }),
    };

    public static JsonObject PatternOf(BlockingPattern pattern, PictureLimits limits) => new()
    {
        ["kind"] = Name(pattern.Kind),
        ["effect"] = Name(pattern.Effect),
        ["object"] = ObjectOf(pattern.Object),
        ["path"] = pattern.Path,
        ["ranges"] = Texts(pattern.Ranges.Take(limits.Ranges).Select(static r => r.ToString())),
        ["count"] = pattern.Count,
        ["invalid"] = pattern.Invalid,
        ["compares"] = pattern.Compares,
        ["denies_all"] = pattern.DeniesAll,
        ["status"] = pattern.Status == 0 ? null : pattern.Status,
        ["protects"] = Texts(pattern.Protects.Take(limits.Protects)),
        ["covers"] = pattern.Covers,
        ["covers_of"] = pattern.CoversOf,
        ["seen"] = pattern.Seen,
        ["ours"] = pattern.Ours,
        ["managers"] = Texts(pattern.Managers),
        ["secret"] = pattern.Secret,
        ["can_deny"] = pattern.CanDeny,
        ["can_deny_reason"] = pattern.CanDenyReason,
        ["problems"] = Texts(pattern.Problems),
    };

    public static JsonArray Texts(IEnumerable<string> texts) => [.. texts.Select(static t => (JsonNode)JsonValue.Create(t))];

    public static JsonArray List<T>(IEnumerable<T> items, Func<T, JsonObject> json) => [.. items.Select(i => (JsonNode)json(i))];

    public static string Name(Enum value) => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static JsonObject? ObjectOf(ObjectRef? item) => item is null ? null : new()
    {
        ["api_version"] = item.ApiVersion,
        ["kind"] = item.Kind,
        ["namespace"] = item.Namespace,
        ["name"] = item.Name,
    };

    private static JsonObject RouteOf(TrafficRoute route) => new()
    {
        ["object"] = ObjectOf(route.Object),
        ["rule"] = route.Rule,
        ["match"] = route.Match,
        ["protocol"] = route.Tcp ? "tcp" : "http",
        ["entry_points"] = Texts(route.EntryPoints),
        ["tls"] = route.Tls,
        ["priority"] = route.Priority == 0 ? null : route.Priority,
        ["middlewares"] = List(route.Middlewares, static m => new JsonObject { ["name"] = m.Name, ["via"] = m.Via.Length == 0 ? null : m.Via }),
        ["services"] = Texts(route.Services),
        ["seen"] = route.Seen,
        ["ours"] = route.Ours,
        ["problems"] = Texts(route.Problems),
    };
}

/// <summary>How much of each list is told; the totals are told always.</summary>
internal sealed record PictureLimits(int Patterns, int Routes, int Ranges, int Protects)
{
    public static PictureLimits Whole { get; } = new(int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue);

    /// <summary>For a model: a few thousand words at most.</summary>
    public static PictureLimits Brief { get; } = new(40, 0, 10, 8);
}
