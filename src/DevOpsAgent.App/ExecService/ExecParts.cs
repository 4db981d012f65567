using System.Globalization;
using System.Security.Cryptography;
using DevOpsAgent.App.Cli;
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
    private readonly Stack<IDisposable> _owned = new();

    private ExecParts(ExecConfig config, ExecPolicy policy, TimeProvider time)
    {
        (Config, Policy, Time) = (config, policy, time);
    }

    public ExecConfig Config { get; }
    public ExecPolicy Policy { get; }
    public TimeProvider Time { get; }
    public ExecSessions Sessions { get; private set; } = null!;
    public SigningKey Machine { get; private set; } = null!;
    public TrustStore Trust { get; private set; } = null!;
    public FrameJudge Judge { get; private set; } = null!;

    /// <summary>
    /// Reads the ACL first: if it is wrong nothing is made. Throws <see cref="ConfigException"/>, <see cref="CommandException"/>,
    /// <see cref="IdentityException"/> and <see cref="AuditException"/>, each with what to do.
    /// </summary>
    /// <param name="say">Told what people should know: label and text.</param>
    public static ExecParts Open(AgentConfig config, TimeProvider time, Action<string, string> say)
    {
        var exec = config.Exec;
        if (UnixProcess.UserId == 0 && !exec.AllowRoot)
        {
            throw CommandException.Usage("'exec serve' does not run as root: every command would.", "Run it as a user of its own, or set exec.allow_root to true if the commands must be root's.");
        }

        UnixProcess.KeepFilesPrivate();
        var parts = new ExecParts(exec, ExecAclReader.Load(exec.Acl, time), time);
        try
        {
            parts.Fill(config, say);
            return parts;
        }
        catch
        {
            parts.Close();
            throw;
        }
    }

    /// <summary>One line for people: what is served, where.</summary>
    public string Describe(Uri? address)
    {
        var what = Policy is ExecPolicy.Enabled enabled
            ? string.Create(CultureInfo.InvariantCulture, $"{enabled.Acl.Allow.Sum(static e => e.Commands.Count)} commands of {enabled.Path}")
            : $"nothing, every request is refused ({((ExecPolicy.Disabled)Policy).Reason} {Policy.Path})";
        return $"serving {what} on {Config.Socket}{(address is null ? "" : $" and {address.GetLeftPart(UriPartial.Authority)}")}, machine {Machine.Id}";
    }

    /// <summary>Users of this machine that may call at all; what they may run is the ACL's business.</summary>
    public bool MayCall(PeerCredentials peer) =>
        IsOperator(peer) || Config.AllowedUids.Any(u => u == peer.Uid) || Config.AllowedGids.Any(g => g == peer.Gid);

    public bool IsOperator(PeerCredentials peer) => peer.Uid == 0 || peer.Uid == _user;

    /// <summary>Whether a machine may connect at all. Who may not is counted, in the audit log within its rate limit.</summary>
    public bool Admits(PeerKey? machine)
    {
        if (machine is not null && Trust.IsTrusted(PeerKind.Machine, machine.Id))
        {
            return true;
        }

        var standing = machine is null ? SenderStanding.Unverified : SenderStanding.Untrusted;
        _ = Sessions.AdmitAsync(new() { RequestId = ExecRequestId.New(), Sender = new("", machine?.Id ?? "", standing), Argv = [] }).AsTask();
        return false;
    }

    /// <summary>Runs it through the gateway; done when its receipt is stored. Null: it ran; else why it did not.</summary>
    public async Task<CommandRefusal?> RunAsync(ExecRequest request, Caller caller)
    {
        if (await Sessions.AdmitAsync(request) is { } refusal)
        {
            return new(refusal.Reason.Wire(), refusal.Text);
        }

        var start = await Sessions.StartAsync(ApprovedCommand.From(_interim.Make(request)));
        if (start is ExecStart.Denied denied)
        {
            return new(denied.Refusal.Reason.Wire(), denied.Refusal.Text);
        }

        await ((ExecStart.Running)start).Session.Completion;
        return null;
    }

    private readonly Interim _interim = new();

    private sealed class Interim : Permit<ExecRequest>.Issuer
    {
        public Permit<ExecRequest> Make(ExecRequest request) => Issue(1, request);
    }

    public async ValueTask DisposeAsync()
    {
        if (Sessions is not null)
        {
            await Sessions.DisposeAsync();
        }

        Close();
    }

    private void Fill(AgentConfig config, Action<string, string> say)
    {
        if (Policy is ExecPolicy.Enabled { Acl: { } acl })
        {
            _owned.Push(acl);
        }

        Machine = Own(ExecIdentity.Load(Config.Keys, PeerKind.Machine));
        Trust = new(Path.GetFullPath(Config.Trust), problem => say(problem is null ? "exec" : "warning", problem ?? $"{Config.Trust} is in use again"));
        Judge = new(Machine.Id, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), Trust, Config.MaxSkew, Time);

        // Nothing is run where Exec is disabled, so nothing is written either: no log, no receipts.
        IExecAudit audit = Policy is ExecPolicy.Enabled { Acl: var enabled } ? Own(AuditLog.Open(AuditOf(config.Audit, enabled), AuditKeys.Of(Machine), Time)) : new DisabledAudit();
        Sessions = new(Policy, audit, Time);
        Sessions.OpenTo(_interim);
    }

    /// <summary>audit.directory, unless the ACL names a log of its own: /var/log/x/exec.jsonl is the directory /var/log/x/exec.</summary>
    private static AuditConfig AuditOf(AuditConfig audit, ExecAcl acl) => acl.AuditLogPath == new AclDraft().AuditLogPath
        ? audit
        : audit with { Directory = Path.ChangeExtension(Path.GetFullPath(acl.AuditLogPath), null) };

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Push(part);
        return part;
    }

    private void Close()
    {
        while (_owned.TryPop(out var part))
        {
            part.Dispose();
        }
    }
}

/// <param name="Reason">As in the audit log: "argv_not_allowed"; or the gateway's own, as "no_intent".</param>
internal sealed record CommandRefusal(string Reason, string Text);
