namespace DevOpsAgent.Guards;

/// <summary>What the guards said of one call, all of them together.</summary>
internal sealed class Judgement
{
    private List<GuardEvidence>? _evidence;
    private List<Signal>? _signals;

    public Verdict Verdict { get; private set; } = Verdict.Allow;

    /// <summary>"target_safety.not_public"; empty for Allow.</summary>
    public string Reason { get; private set; } = "";

    public string Text { get; private set; } = "";

    public IReadOnlyList<GuardEvidence> Evidence => _evidence ?? (IReadOnlyList<GuardEvidence>)[];

    public IReadOnlyList<Signal> Signals => _signals ?? (IReadOnlyList<Signal>)[];

    /// <summary>The last word: nothing after it is asked.</summary>
    public void Deny(string guard, string code, string text) => Decide(Verdict.Deny, guard, code, text);

    public void Add(GuardEvidence evidence) => (_evidence ??= []).Add(evidence);

    /// <summary>A guard's answer. An advisory guard only signals, whatever it says; what a rule promotes denies.</summary>
    public void Take(IGuard guard, in GuardDecision decision, PromotionRules promotions)
    {
        for (var i = 0; i < decision.Evidence.Count; i++)
        {
            Add(decision.Evidence[i]);
        }

        for (var i = 0; i < decision.Signals.Count; i++)
        {
            Take(decision.Signals[i], promotions);
        }

        if (decision.Verdict == Verdict.Allow)
        {
            return;
        }

        if (guard.Advisory)
        {
            Take(new Signal(guard.Name, decision.Text, SignalSeverity.Medium, new Dictionary<string, string>(StringComparer.Ordinal) { ["code"] = decision.Code }), promotions);
        }
        else
        {
            Decide(decision.Verdict, guard.Name, decision.Code, decision.Text);
        }
    }

    private void Take(Signal signal, PromotionRules promotions)
    {
        var promoted = promotions.Promotes(signal);
        (_signals ??= []).Add(promoted ? signal with { Promoted = true } : signal);
        if (promoted)
        {
            Decide(Verdict.Deny, signal.Guard, "promoted", $"{signal.Description} (a signal of severity {signal.Severity.ToString().ToLowerInvariant()}, which guards.promote lets deny)");
        }
    }

    private void Decide(Verdict verdict, string guard, string code, string text)
    {
        Add(new(guard, verdict == Verdict.Deny ? "denied" : "waits", code));

        // The first that waits for a person sticks; only a denial is stronger.
        if (verdict > Verdict)
        {
            (Verdict, Reason, Text) = (verdict, $"{guard}.{code}", text);
        }
    }
}
