using System.Globalization;

namespace DevOpsAgent.Guards;

/// <summary>
/// Asks the guards in the order in which they were registered. A denial, a fault and a timeout end it with Deny; a call that
/// waits for a person is still shown to the rest. Guards that may be slow run on a pool thread, so that even one that blocks its thread is
/// left behind at its time limit.
/// </summary>
internal sealed class GuardPipeline(IReadOnlyList<IGuard> guards, PromotionRules promotions, TimeSpan timeLimit, TimeProvider time)
{
    public IReadOnlyList<IGuard> Guards => guards;

    public PromotionRules Promotions => promotions;

    public IGuard[] For(Tool tool) => [.. guards.Where(g => g.Judges(tool))];

    /// <summary>One judgement per context, in order. Never throws.</summary>
    /// <param name="judges">Those of <see cref="For"/>.</param>
    public async Task<Judgement[]> JudgeAsync(IGuard[] judges, GuardContext[] contexts)
    {
        var judgements = new Judgement[contexts.Length];
        for (var i = 0; i < judgements.Length; i++)
        {
            judgements[i] = new();
        }

        // Nobody to say no is no permission.
        if (Array.TrueForAll(judges, static g => g.Advisory))
        {
            foreach (var judgement in judgements)
            {
                judgement.Deny("gateway", "no_guard", "No guard judges this tool, so nothing permits it.");
            }

            return judgements;
        }

        if (Array.TrueForAll(judges, static g => g.IsQuick))
        {
            await new GuardWalk(judges, contexts, judgements, promotions, time, 0, 0, CancellationToken.None) { Limit = timeLimit }.RunAsync();
            return judgements;
        }

        var (call, guard) = (0, 0);
        while (true)
        {
            using var stop = new CancellationTokenSource();
            var walk = new GuardWalk(judges, contexts, judgements, promotions, time, call, guard, stop.Token);
            if (!await LeftBehindAsync(walk))
            {
                return judgements;
            }

            await stop.CancelAsync();
            var stuck = judges[walk.Guard];
            var text = NoAnswer(stuck, timeLimit);
            if (!stuck.Advisory)
            {
                for (var i = walk.Call; i < judgements.Length; i++)
                {
                    judgements[i].Deny(stuck.Name, "timeout", text);
                }

                return judgements;
            }

            // What only advises must not stop the agent; it isn't asked again for this call.
            judgements[walk.Call].Take(stuck, GuardDecision.Deny("timeout", text), promotions);
            judges = [.. judges.Where(g => g != stuck)];
            (call, guard) = judgements[walk.Call].Verdict == Verdict.Deny ? (walk.Call + 1, 0) : (walk.Call, walk.Guard);
        }
    }

    public static string NoAnswer(IGuard guard, TimeSpan limit) =>
        string.Create(CultureInfo.InvariantCulture, $"The guard {guard.Name} gave no answer within {limit.TotalSeconds:0.###} s (guards.time_limit).");

    /// <summary>Waits for the walk. True: its present guard is over the limit, and the walk will change nothing more.</summary>
    private async Task<bool> LeftBehindAsync(GuardWalk walk)
    {
        var task = Task.Run(walk.RunAsync);
        while (true)
        {
            try
            {
                await task.WaitAsync(timeLimit, time);
                return false;
            }
            catch (TimeoutException)
            {
                // Many calls with quick guards may take longer together: only the present guard counts.
                if (walk.TryLeave(timeLimit))
                {
                    return true;
                }
            }
        }
    }
}
