using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Does the steps of one change, reads back, and takes all of them back when one fails. Killed in between, the next start sees
/// what is there and goes on: nothing is remembered outside the cluster.
/// </summary>
internal sealed class ObjectWriter(IKubernetesApi api, ObjectWatch watch)
{
    /// <summary>Throws what the server said; the message then also says what became of the steps before.</summary>
    public async Task WriteAsync(IReadOnlyList<ObjectStep> steps, CancellationToken cancellationToken)
    {
        var done = new Stack<ObjectStep>();
        try
        {
            foreach (var step in steps)
            {
                done.Push(step);
                await DoAsync(step, cancellationToken);
            }

            await Task.WhenAll(steps.Select(s => ReadBackAsync(s, cancellationToken)));
        }
        catch (KubernetesException e)
        {
            var undone = await TakeBackAsync(done);
            throw new KubernetesException(e.Fault, $"{e.Message.TrimEnd().TrimEnd('.')}. {undone}", e)
            {
                StatusCode = e.StatusCode,
                Reason = e.Reason,
                MissingRule = e.MissingRule,
                Conflicts = e.Conflicts,
            };
        }
    }

    private async Task DoAsync(ObjectStep step, CancellationToken cancellationToken)
    {
        switch (step.Kind)
        {
            case StepKind.Create:
                // Without force: what somebody else made in this very moment is left alone.
                Note(step.Key, await api.ApplyAsync(step.Type, step.Wanted!.Body, new(OwnedObject.Manager), cancellationToken));
                break;
            case StepKind.Update:
                await UpdateAsync(step, cancellationToken);
                break;
            default:
                await DeleteAsync(step, step.Before!.Uid, cancellationToken);
                break;
        }
    }

    private async Task UpdateAsync(ObjectStep step, CancellationToken cancellationToken)
    {
        // With force: it is ours, and what somebody wrote into it goes.
        var after = await api.ApplyAsync(step.Type, step.Wanted!.Body, new(OwnedObject.Manager, Force: true), cancellationToken);
        Note(step.Key, after);
        if (ObjectDifference.Of(step.Wanted, after) is null || after["metadata"]?["deletionTimestamp"] is not null)
        {
            return;
        }

        // Fields that somebody added beside ours stay with an apply: only a new object is rid of them.
        await DeleteAsync(step, StandingObject.UidOf(after), cancellationToken);
        Note(step.Key, await api.ApplyAsync(step.Type, step.Wanted.Body, new(OwnedObject.Manager), cancellationToken));
    }

    private async Task ReadBackAsync(ObjectStep step, CancellationToken cancellationToken)
    {
        var actual = await api.GetAsync(step.Type, step.Key.Namespace, step.Key.Name, cancellationToken);
        var fault = step.Kind == StepKind.Delete
            ? actual is not null && StandingObject.UidOf(actual) == step.Before!.Uid ? "is still there after it was deleted" : null
            : actual is null ? "is not there after it was written"
            : ObjectDifference.Of(step.Wanted!, actual) is { } difference ? $"does not hold what was written ({difference}): does this cluster's definition of {step.Type.Plural}.{step.Type.Group} know the field?"
            : null;
        if (fault is not null)
        {
            throw new KubernetesException(KubernetesFault.Invalid, $"{step.Key} {fault}");
        }
    }

    /// <summary>Takes all of these back; says what became of it.</summary>
    public Task<string> TakeBackAsync(IReadOnlyList<ObjectStep> done) => TakeBackAsync(new Stack<ObjectStep>(done));

    /// <summary>The last first; one that can't be taken back is no reason to leave the others. Not given up on a cancelled call.</summary>
    private async Task<string> TakeBackAsync(Stack<ObjectStep> done)
    {
        var (count, left) = (done.Count, (string?)null);
        while (done.TryPop(out var step))
        {
            try
            {
                await TakeBackAsync(step);
            }
            catch (KubernetesException e)
            {
                left ??= $"{step.Key} could not be taken back ({e.Message.TrimEnd().TrimEnd('.')}); the next look sets it right.";
            }
        }

        return left ?? (count > 1 ? "The change was taken back as a whole." : "What stood before still stands.");
    }

    /// <summary>Looks first: the step that failed may have been done or not.</summary>
    private async Task TakeBackAsync(ObjectStep step)
    {
        var now = await api.GetAsync(step.Type, step.Key.Namespace, step.Key.Name, CancellationToken.None);
        if (step.Before is null)
        {
            if (now is not null && OwnedObject.IsOurs(now))
            {
                await DeleteAsync(step, StandingObject.UidOf(now), CancellationToken.None);
            }

            return;
        }

        var before = OwnedObject.Before(step.Type, step.Before.Body);
        if (now is null || ObjectDifference.Of(before, now) is not null)
        {
            Note(step.Key, await api.ApplyAsync(step.Type, before.Body, new(OwnedObject.Manager, Force: true), CancellationToken.None));
        }
    }

    private async Task DeleteAsync(ObjectStep step, string? uid, CancellationToken cancellationToken)
    {
        watch.Deletes(step.Key);
        await api.DeleteAsync(step.Type, step.Key.Namespace, step.Key.Name, new(Uid: uid), cancellationToken);
    }

    private void Note(ObjectKey key, JsonObject after) => watch.Wrote(key, StandingObject.VersionOf(after));
}
