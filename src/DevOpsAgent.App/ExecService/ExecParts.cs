using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Guards;
using DevOpsAgent.Signing;

namespace DevOpsAgent.App.ExecService;

/// <summary>The parts of the running service, put together in one place: policy, audit log, sessions, gateway, keys and trust.</summary>
internal sealed class ExecParts : IAsyncDisposable
{
    private readonly uint _user = UnixProcess.UserId;

    public required ExecConfig Config { get; init; }
    public required ExecSessions Sessions { get; init; }
    public required SigningKey Machine { get; init; }
    public required TrustStore Trust { get; init; }
    public required FrameJudge Judge { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Users of this machine that may call at all; what they may run is the ACL's business.</summary>
    public bool MayCall(PeerCredentials peer) =>
        IsOperator(peer) || Config.AllowedUids.Contains((int)peer.Uid) || Config.AllowedGids.Contains((int)peer.Gid);

    public bool IsOperator(PeerCredentials peer) => peer.Uid == 0 || peer.Uid == _user;

    /// <summary>Whether a machine may connect at all. Who may not is counted, in the audit log within its rate limit.</summary>
    public bool Admits(PeerKey? machine)
    {
        if (machine is not null && Trust.IsTrusted(PeerKind.Machine, machine.Id))
        {
            return true;
        }

        return false;
    }

    /// <summary>Runs it through the gateway. Null: it ran; else why it did not.</summary>
    public Task<CommandRefusal?> RunAsync(ExecRequest request, Caller caller) => throw new NotSupportedException();

    public async ValueTask DisposeAsync()
    {
        await Sessions.DisposeAsync();
        Machine.Dispose();
    }
}

/// <param name="Reason">As in the audit log: "argv_not_allowed"; or the gateway's own, as "receipt_store".</param>
internal sealed record CommandRefusal(string Reason, string Text);
