namespace DevOpsAgent.Guards;

/// <summary>One walk of guards over calls. Somebody else may leave it behind: from then on it changes nothing.</summary>
internal sealed class GuardWalk(
    IGuard[] guards, GuardContext[] contexts, Judgement[] judgements, PromotionRules promotions, TimeProvider time, int call, int guard, CancellationToken cancellationToken)
{
    private readonly Lock _lock = new();
    private int _call = call;
    private int _guard = guard;
    private long _since = time.GetTimestamp();
    private bool _left;

    /// <summary>Where nobody can leave it behind: an answer that comes later than this is none.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.MaxValue;

    /// <summary>Where it stood when it was left.</summary>
    public int Call => _call;

    public int Guard => _guard;

    /// <summary>True: the present guard has been at it for so long; the walk is over.</summary>
    public bool TryLeave(TimeSpan limit)
    {
        lock (_lock)
        {
            return _left = time.GetElapsedTime(_since) >= limit && _call < contexts.Length;
        }
    }

    public async Task RunAsync()
    {
        var permitted = 0;
        for (var i = 0; i < _call; i++)
        {
            permitted += judgements[i].Verdict == Verdict.Allow ? 1 : 0;
        }

        while (_call < contexts.Length)
        {
            var judgement = judgements[_call];
            var context = permitted == 0 ? contexts[_call] : contexts[_call] with { Permitted = permitted };
            while (_guard < guards.Length && judgement.Verdict != Verdict.Deny)
            {
                var decision = await AskAsync(guards[_guard], context);
                if (Limit != TimeSpan.MaxValue && time.GetElapsedTime(_since) > Limit)
                {
                    decision = GuardDecision.Deny("timeout", GuardPipeline.NoAnswer(guards[_guard], Limit));
                }

                lock (_lock)
                {
                    if (_left)
                    {
                        return;
                    }

                    judgement.Take(guards[_guard], decision, promotions);
                    _guard++;
                    _since = time.GetTimestamp();
                }
            }

            permitted += judgement.Verdict == Verdict.Allow ? 1 : 0;
            lock (_lock)
            {
                if (_left)
                {
                    return;
                }

                (_call, _guard) = (_call + 1, 0);
            }
        }
    }

    private async ValueTask<GuardDecision> AskAsync(IGuard judge, GuardContext context)
    {
        try
        {
            return await judge.EvaluateAsync(context, cancellationToken);
        }
        catch (Exception e)
        {
            // Fail closed: what couldn't be checked isn't permitted.
            return GuardDecision.Deny("fault", $"The guard {judge.Name} failed: {e.Message}");
        }
    }
}
