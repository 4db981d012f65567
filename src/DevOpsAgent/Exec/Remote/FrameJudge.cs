namespace DevOpsAgent.Exec.Remote;

/// <summary>
/// Decides whether a frame may be listened to at all, in the documented order: malformed_frame, unverified_sender, trust_rejected.
/// What passes here is judged by the ACL and the limits afterwards. Every refusal names a detail for the people who have to repair it.
/// </summary>
/// <param name="machineId">Id of this machine.</param>
/// <param name="startId">Drawn anew at each start: 32 hex digits.</param>
internal sealed class FrameJudge(string machineId, string startId, TrustStore trust, TimeSpan skew, TimeProvider time)
{
    private readonly ReplayMemory _replays = new(skew);

    public string MachineId => machineId;
    public string StartId => startId;

    /// <summary>Never throws for anything that the line may hold.</summary>
    /// <param name="channelMachineId">Id of the machine key at the other end of the connection, as TLS proved it.</param>
    public FrameVerdict Judge(ReadOnlyMemory<byte> line, string channelMachineId)
    {
        if (SignedFrame.TryRead(line) is not { } signed)
        {
            return FrameVerdict.Malformed;
        }

        var frame = signed.Frame;
        return Unverified(signed, channelMachineId) is { } detail ? FrameVerdict.Refused(FrameVerdict.UnverifiedSender, detail, frame)
            : Untrusted(frame) is { } untrusted ? FrameVerdict.Refused(FrameVerdict.TrustRejected, untrusted, frame)
            : Repeated(frame, remember: true) is { } replay ? FrameVerdict.Refused(FrameVerdict.UnverifiedSender, replay, frame)
            : FrameVerdict.Accepted(frame);
    }

    // Comparisons first: what fails them isn't worth two verifications of signatures.
    private string? Unverified(SignedFrame signed, string channelMachineId)
    {
        var frame = signed.Frame;
        return frame.Receiver != machineId ? "wrong_machine"
            : frame.Machine.Id != channelMachineId ? "wrong_channel"
            : frame.StartId != startId ? "earlier_start"
            : !signed.IsSignedBy(PeerKind.Agent) ? "bad_agent_signature"
            : !signed.IsSignedBy(PeerKind.Machine) ? "bad_machine_signature"
            : Repeated(frame, remember: false);
    }

    private string? Untrusted(RequestFrame frame) =>
        !trust.IsTrusted(PeerKind.Agent, frame.Agent.Id) ? "agent_not_trusted"
        : !trust.IsTrusted(PeerKind.Machine, frame.Machine.Id) ? "machine_not_trusted"
        : null;

    private string? Repeated(RequestFrame frame, bool remember)
    {
        var now = time.GetUtcNow();
        var verdict = remember ? _replays.Remember(frame.Agent.Id, frame.Nonce, frame.Time, now) : _replays.Look(frame.Agent.Id, frame.Nonce, frame.Time, now);
        return verdict switch
        {
            ReplayVerdict.Skew => "clock_skew",
            ReplayVerdict.Replayed => "replayed",
            ReplayVerdict.Full => "too_many_frames",
            _ => null,
        };
    }
}

/// <summary>What became of a frame.</summary>
/// <param name="Reason">As counted and audited; null: accepted.</param>
/// <param name="Detail">The check that failed, in snake_case.</param>
/// <param name="Frame">Null for what is not a frame. Of a refused frame it is a claim, not a fact.</param>
internal sealed record FrameVerdict(string? Reason, string? Detail, RequestFrame? Frame)
{
    public const string MalformedFrame = "malformed_frame";
    public const string UnverifiedSender = "unverified_sender";
    public const string TrustRejected = "trust_rejected";

    public static FrameVerdict Malformed { get; } = new(MalformedFrame, "not_a_frame", null);

    public static FrameVerdict Refused(string reason, string detail, RequestFrame frame) => new(reason, detail, frame);

    public static FrameVerdict Accepted(RequestFrame frame) => new(null, null, frame);
}
