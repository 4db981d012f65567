using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Blocking;

/// <summary>
/// Does the steps of one change, reads back, and takes all of them back when one fails. Killed in between, the next start sees
/// what is there and goes on: nothing is remembered outside the cluster.
/// </summary>
internal sealed class ObjectWriter(IKubernetesApi api, Action<ObjectKey, string> wrote)
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
            throw new KubernetesException(e.Fault, $"{e.Message.TrimEnd('.')}{(e.MissingRule is { } rule ? $"; the right that is lacking: {rule.ReplaceLineEndings(" ").Trim()}" : "")}. {undone}", e)
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
                await api.DeleteAsync(step.Type, step.Key.Namespace, step.Key.Name, new(Uid: step.Before!.Uid), cancellationToken);
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
        await api.DeleteAsync(step.Type, step.Key.Namespace, step.Key.Name, new(Uid: (string?)after["metadata"]?["uid"]), cancellationToken);
        Note(step.Key, await api.ApplyAsync(step.Type, step.Wanted.Body, new(OwnedObject.Manager), cancellationToken));
    }

    private async Task ReadBackAsync(ObjectStep step, CancellationToken cancellationToken)
    {
        var actual = await api.GetAsync(step.Type, step.Key.Namespace, step.Key.Name, cancellationToken);
        var fault = step.Kind == StepKind.Delete
            ? actual is not null && (string?)actual["metadata"]?["uid"] == step.Before!.Uid ? "is still there after it was deleted" : null
            : actual is null ? "is not there after it was written"
            : ObjectDifference.Of(step.Wanted!, actual) is { } difference ? $"does not hold what was written ({difference}): does this cluster's definition of {step.Type.Plural}.{step.Type.Group} know the field?"
            : null;
        if (fault is not null)
        {
            throw new KubernetesException(KubernetesFault.Invalid, $"{step.Key} {fault}");
        }
    }

    /// <summary>Says what became of it. Not given up on a cancelled call.</summary>
    private async Task<string> TakeBackAsync(Stack<ObjectStep> done)
    {
        var count = done.Count;
        try
        {
            while (done.TryPop(out var step))
            {
                await TakeBackAsync(step);
            }
        }
        catch (KubernetesException e)
        {
            return $"The change could not be taken back as a whole ({e.Message.TrimEnd('.')}); the next try sets it right.";
        }

        return count > 1 ? "The change was taken back as a whole." : "What stood before still stands.";
    }

    private async Task TakeBackAsync(ObjectStep step)
    {
        if (step.Before is { } before)
        {
            if (step.Type != DenyKinds.Service || step.Kind == StepKind.Delete)
            {
                Note(step.Key, await api.ApplyAsync(step.Type, OwnedObject.Before(step.Type, before.Body).Body, new(OwnedObject.Manager, Force: true), CancellationToken.None));
            }

            return;
        }

        if (await api.GetAsync(step.Type, step.Key.Namespace, step.Key.Name, CancellationToken.None) is { } made && OwnedObject.IsOurs(made))
        {
            await api.DeleteAsync(step.Type, step.Key.Namespace, step.Key.Name, new(Uid: (string?)made["metadata"]?["uid"]), CancellationToken.None);
        }
    }

    private void Note(ObjectKey key, JsonObject after) => wrote(key, (string?)after["metadata"]?["resourceVersion"] ?? "");
}
