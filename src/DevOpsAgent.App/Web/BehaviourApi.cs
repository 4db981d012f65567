using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Web;

/// <summary>What is usual for each agent, as of the last save (seconds ago). Read only: a reset is the command line's.</summary>
internal static class BehaviourApi
{
    public static IReadOnlyList<Endpoint> Endpoints { get; } = [new("GET", "/api/behaviour", Effect.None, Show)];

    private static Task Show(WebCall call)
    {
        var view = BehaviourView.Of(call.Parts.Store.Behaviour, call.Parts.Behaviour, call.Parts.Time.GetUtcNow(), call.Query("agent"), call.QueryInt("limit", 20, 1, 1000));
        return call.Answer(view, WebCall.Json.BehaviourView);
    }
}
