using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Signing;
using DevOpsAgent.Tests.Store;

namespace DevOpsAgent.Tests.Exec.Remote;

/// <summary>An agent on a machine that asks another machine, with a trust file, all with keys of their own.</summary>
internal sealed class FrameBench : IDisposable
{
    public const string StartId = "00112233445566778899aabbccddeeff";
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);
    private readonly TemporaryDirectory _directory = new();
    private int _nonces;

    public FrameBench()
    {
        Trust = new(TrustFilePath, Problems.Add);
        Judge = new(Server.Id, StartId, Trust, Skew, Time);
        TrustBoth();
    }

    public FakeTime Time { get; } = new();
    public SigningKey Agent { get; } = SigningKey.Create();
    public SigningKey Machine { get; } = SigningKey.Create();
    public SigningKey Server { get; } = SigningKey.Create();
    public List<string?> Problems { get; } = [];
    public TrustStore Trust { get; }
    public FrameJudge Judge { get; }
    public string TrustFilePath => _directory.File("trust.json");

    public void TrustBoth()
    {
        TrustFile.Add(TrustFilePath, Entry(PeerKind.Agent, Agent)).ShouldBeTrue();
        TrustFile.Add(TrustFilePath, Entry(PeerKind.Machine, Machine)).ShouldBeTrue();
    }

    public TrustEntry Entry(PeerKind kind, SigningKey key) => new(kind, Peer(key), "of a test", Time.GetUtcNow());

    public static PeerKey Peer(SigningKey key) => new(key.Id, key.PublicKey);

    /// <summary>A good frame; changed by the test.</summary>
    public RequestFrame Frame(string token = "/usr/bin/uptime") => new()
    {
        Call = new() { Operation = CallOperation.Run, RequestId = new('a', 32), Argv = [token], TimeoutMs = 5000 },
        Agent = Peer(Agent),
        Machine = Peer(Machine),
        Receiver = Server.Id,
        StartId = StartId,
        Nonce = Interlocked.Increment(ref _nonces).ToString("x32", System.Globalization.CultureInfo.InvariantCulture),
        Time = Time.GetUtcNow(),
    };

    public SignedFrame Sign(RequestFrame frame) => SignedFrame.Sign(frame, Agent, Machine);

    public FrameVerdict Verdict(RequestFrame frame) => Verdict(Sign(frame));

    public FrameVerdict Verdict(SignedFrame signed) => Judge.Judge(signed.ToLine(), Machine.Id);

    public void Dispose()
    {
        Agent.Dispose();
        Machine.Dispose();
        Server.Dispose();
        _directory.Dispose();
    }
}
