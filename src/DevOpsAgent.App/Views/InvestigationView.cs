using DevOpsAgent.Agent;

namespace DevOpsAgent.App.Views;

/// <summary>One run of the language model. All texts are the model's or come from logs.</summary>
internal sealed record InvestigationView
{
    public required long Id { get; init; }
    public required string Run { get; init; }
    public required long? IncidentId { get; init; }
    public required string? Question { get; init; }
    public required string Model { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>"answered", "stopped_by_turns", "provider_down", ...</summary>
    public required string End { get; init; }

    public required string EndText { get; init; }

    /// <summary>"confirmed", "false_positive", "unclear"; null: it did not conclude.</summary>
    public required string? Verdict { get; init; }

    /// <summary>0 to 100.</summary>
    public required int? Confidence { get; init; }

    public required string? Summary { get; init; }
    public required string? Answer { get; init; }
    public required IReadOnlyList<Citation> Evidence { get; init; }

    /// <summary>What the model would have done, within what the rules allow. Nothing was done for it.</summary>
    public required ProposedAction? ProposedAction { get; init; }

    /// <summary>What code changed of what the model said.</summary>
    public required IReadOnlyList<string> Corrections { get; init; }

    public required string? Disagreement { get; init; }
    public required IReadOnlyList<StepView> Steps { get; init; }
    public required IReadOnlyList<string> Guardrails { get; init; }
    public required int Turns { get; init; }
    public required long TokensIn { get; init; }
    public required long TokensOut { get; init; }
    public required double Cost { get; init; }
    public required int Rows { get; init; }

    public static InvestigationView Of(Investigation i) => new()
    {
        Id = i.Id,
        Run = i.Run,
        IncidentId = i.IncidentId,
        Question = i.Question,
        Model = i.Model,
        StartedAt = i.StartedAt,
        EndedAt = i.EndedAt,
        End = RunEndNames.Of(i.End),
        EndText = i.EndText,
        Verdict = i.Conclusion?.Verdict switch { null => null, ModelVerdict.Confirmed => "confirmed", ModelVerdict.FalsePositive => "false_positive", _ => "unclear" },
        Confidence = i.Conclusion?.Confidence,
        Summary = i.Conclusion?.Summary,
        Answer = i.Answer,
        Evidence = i.Conclusion?.Evidence ?? [],
        ProposedAction = i.Conclusion?.Action,
        Corrections = i.Conclusion?.Corrections ?? [],
        Disagreement = i.Disagreement,
        Steps = [.. i.Steps.Select(StepView.Of)],
        Guardrails = i.Guardrails,
        Turns = i.Turns,
        TokensIn = i.TokensIn,
        TokensOut = i.TokensOut,
        Cost = i.Cost,
        Rows = i.Rows,
    };
}

/// <summary>One step.</summary>
/// <param name="Kind">"said", "thought", "called", "note".</param>
/// <param name="Phase">1 to 5; 0 for none.</param>
/// <param name="By">"model" or "program".</param>
internal sealed record StepView(string Kind, int Phase, string By, long Milliseconds, string Text, string? Tool, string? Parameters, string? Cite, string? Decision, long? Intent)
{
    public static StepView Of(RunStep s) => new(IncidentView.Name(s.Kind), s.Phase, s.ByCode ? "program" : "model", s.Milliseconds, s.Text, s.Tool, s.Parameters, s.Cite, s.Decision, s.Intent);
}
