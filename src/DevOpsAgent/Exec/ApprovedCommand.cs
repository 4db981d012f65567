using DevOpsAgent.Guards;

namespace DevOpsAgent.Exec;

/// <summary>A command that the gateway permitted. There is no way to one but a permit, and a permit gives one only once.</summary>
internal sealed class ApprovedCommand
{
    private ApprovedCommand(ExecRequest request, object issuedBy, long intent)
    {
        Request = request;
        IssuedBy = issuedBy;
        Intent = intent;
    }

    public ExecRequest Request { get; }

    /// <summary>The gateway whose permit it was: <see cref="ExecSessions"/> takes those of one gateway only.</summary>
    public object IssuedBy { get; }

    /// <summary>The seq of the stored intent.</summary>
    public long Intent { get; }

    /// <summary>Uses the permit up.</summary>
    /// <exception cref="InvalidOperationException">It was used already.</exception>
    public static ApprovedCommand From(Permit<ExecRequest> permit) => new(permit.Take(), permit.IssuedBy, permit.Intent);
}
