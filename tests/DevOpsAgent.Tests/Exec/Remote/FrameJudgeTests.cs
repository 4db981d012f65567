using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Tests.Exec.Remote;

public sealed class FrameJudgeTests : IDisposable
{
    private readonly FrameBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_good_frame_is_accepted_and_says_who_sent_it()
    {
        var verdict = _bench.Verdict(_bench.Frame());
        verdict.Reason.ShouldBeNull();
        verdict.Frame!.Agent.Id.ShouldBe(_bench.Agent.Id);
        verdict.Frame.Machine.Id.ShouldBe(_bench.Machine.Id);
        verdict.Frame.Call.Argv.ShouldBe(["/usr/bin/uptime"]);
        verdict.Frame.Call.TimeoutMs.ShouldBe(5000);
    }

    [Fact]
    public void A_frame_for_another_machine_is_refused()
    {
        using var other = SigningKey.Create();
        Refused(_bench.Frame() with { Receiver = other.Id }, "unverified_sender", "wrong_machine");
    }

    [Fact]
    public void A_frame_of_an_earlier_start_is_refused() =>
        Refused(_bench.Frame() with { StartId = new('0', 32) }, "unverified_sender", "earlier_start");

    [Fact]
    public void A_frame_on_another_machines_connection_is_refused()
    {
        using var other = SigningKey.Create();
        var verdict = _bench.Judge.Judge(_bench.Sign(_bench.Frame()).ToLine(), other.Id);
        (verdict.Reason, verdict.Detail).ShouldBe(("unverified_sender", "wrong_channel"));
    }

    [Fact]
    public void A_signature_by_another_key_is_refused()
    {
        using var other = SigningKey.Create();
        var frame = _bench.Frame();
        Refused(SignedFrame.Sign(frame, other, _bench.Machine), "unverified_sender", "bad_agent_signature");
        Refused(SignedFrame.Sign(frame, _bench.Agent, other), "unverified_sender", "bad_machine_signature");
        _bench.Verdict(frame).Reason.ShouldBeNull();
    }

    [Fact]
    public void An_agents_signature_does_not_pass_for_a_machines()
    {
        // The one key as both: each signature is still bound to its part.
        var frame = _bench.Frame() with { Agent = FrameBench.Peer(_bench.Machine) };
        var signed = SignedFrame.Sign(frame, _bench.Machine, _bench.Machine);
        Refused(signed with { MachineSignature = signed.AgentSignature }, "unverified_sender", "bad_machine_signature");
    }

    [Fact]
    public void Every_flipped_bit_of_the_signed_bytes_is_refused()
    {
        var signed = _bench.Sign(_bench.Frame());
        for (var i = 0; i < signed.Bytes.Length; i += 7)
        {
            var bytes = signed.Bytes.ToArray();
            bytes[i] ^= 1;
            var line = (signed with { Bytes = bytes }).ToLine();
            _bench.Judge.Judge(line, _bench.Machine.Id).Reason.ShouldNotBeNull();
        }
    }

    [Theory]
    [InlineData(31, "clock_skew")]
    [InlineData(-31, "clock_skew")]
    [InlineData(30, null)]
    [InlineData(-30, null)]
    public void A_clock_that_is_off_too_far_is_refused(int seconds, string? detail) =>
        _bench.Verdict(_bench.Frame() with { Time = _bench.Time.GetUtcNow().AddSeconds(seconds) }).Detail.ShouldBe(detail);

    [Fact]
    public void A_frame_is_accepted_once()
    {
        var signed = _bench.Sign(_bench.Frame());
        _bench.Verdict(signed).Reason.ShouldBeNull();
        Refused(signed, "unverified_sender", "replayed");
        _bench.Time.Advance(FrameBench.Skew);
        Refused(signed, "unverified_sender", "replayed");
        _bench.Time.Advance(TimeSpan.FromSeconds(1));
        Refused(signed, "unverified_sender", "clock_skew");
    }

    [Fact]
    public void A_clock_that_is_set_back_does_not_bring_a_forgotten_frame_back()
    {
        var signed = _bench.Sign(_bench.Frame());
        _bench.Verdict(signed).Reason.ShouldBeNull();
        _bench.Time.Advance(FrameBench.Skew * 3);
        _bench.Verdict(_bench.Frame()).Reason.ShouldBeNull();
        _bench.Time.Jump = -FrameBench.Skew * 3;
        Refused(signed, "unverified_sender", "replayed");
    }

    [Fact]
    public void An_agent_or_machine_that_is_not_trusted_is_refused_until_it_is()
    {
        TrustFile.Remove(_bench.TrustFilePath, _bench.Machine.Id).ShouldBeTrue();
        Refused(_bench.Frame(), "trust_rejected", "machine_not_trusted");
        TrustFile.Remove(_bench.TrustFilePath, _bench.Agent.Id).ShouldBeTrue();
        var signed = _bench.Sign(_bench.Frame());
        Refused(signed, "trust_rejected", "agent_not_trusted");
        _bench.TrustBoth();
        _bench.Verdict(signed).Reason.ShouldBeNull();
    }

    [Fact]
    public void Trust_as_an_agent_is_no_trust_as_a_machine()
    {
        TrustFile.Remove(_bench.TrustFilePath, _bench.Machine.Id).ShouldBeTrue();
        TrustFile.Add(_bench.TrustFilePath, _bench.Entry(PeerKind.Agent, _bench.Machine)).ShouldBeTrue();
        Refused(_bench.Frame(), "trust_rejected", "machine_not_trusted");
    }

    [Fact]
    public void An_unverified_sender_is_refused_as_such_even_if_it_is_not_trusted_either()
    {
        using var other = SigningKey.Create();
        var frame = _bench.Frame() with { Agent = FrameBench.Peer(other) };
        Refused(SignedFrame.Sign(frame, other, _bench.Machine), "trust_rejected", "agent_not_trusted");
        Refused(SignedFrame.Sign(frame, _bench.Agent, _bench.Machine), "unverified_sender", "bad_agent_signature");
        Refused(SignedFrame.Sign(frame with { Time = frame.Time.AddHours(1) }, other, _bench.Machine), "unverified_sender", "clock_skew");
    }

    [Fact]
    public void Strangers_take_no_room_in_the_memory_of_nonces()
    {
        using var stranger = SigningKey.Create();
        var frame = _bench.Frame() with { Agent = FrameBench.Peer(stranger) };
        var signed = SignedFrame.Sign(frame, stranger, _bench.Machine);
        Refused(signed, "trust_rejected", "agent_not_trusted");
        Refused(signed, "trust_rejected", "agent_not_trusted"); // and not "replayed"
    }

    private void Refused(RequestFrame frame, string reason, string detail) => Refused(_bench.Sign(frame), reason, detail);

    private void Refused(SignedFrame signed, string reason, string detail)
    {
        var verdict = _bench.Verdict(signed);
        (verdict.Reason, verdict.Detail).ShouldBe((reason, detail));
    }
}
