using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Web;

/// <summary>Turns what an action came to into an answer: success as a view, everything else as a problem.</summary>
internal static class Outcome
{
    public static ActionView View(ActionOutcome outcome, IncidentDetailView? incident = null) => outcome.Succeeded
        ? new(Name(outcome.Kind), outcome.Message, outcome.Undo, outcome.Id, incident)
        : throw Problem(outcome);

    public static string Name(OutcomeKind kind) => kind == OutcomeKind.NotFound ? "not_found" : IncidentView.Name(kind);

    private static ProblemException Problem(ActionOutcome outcome) => outcome.Kind switch
    {
        OutcomeKind.NotFound => ProblemException.NotFound(outcome.Message, "Reload the list: it may have ended meanwhile."),
        OutcomeKind.Refused => ProblemException.Of(422, "refused", "The agent does not do this", outcome.Message, "Change what stands against it, then try again."),
        OutcomeKind.Failed => ProblemException.Of(502, "target-failed", "The change was tried and failed", outcome.Message, "See the target's state in /api/status; what stood before still stands."),
        _ => ProblemException.Of(409, "conflict", "The state has changed meanwhile", outcome.Message, "Reload to see the present state, then decide again."),
    };
}
