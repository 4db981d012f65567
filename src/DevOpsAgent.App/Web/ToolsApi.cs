using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Web;

/// <summary>The tools, who judges their calls, and what each guard lately said.</summary>
internal static class ToolsApi
{
    public static IReadOnlyList<Endpoint> Endpoints { get; } =
    [
        new("GET", "/api/tools", Effect.None, static call =>
        {
            var tools = call.Parts.Actions.Tools().Select(ToolView.Of).ToList();
            return call.Answer(new Page<ToolView>(tools, tools.Count), WebCall.Json.PageToolView);
        }),
    ];
}
