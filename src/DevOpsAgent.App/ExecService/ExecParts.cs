using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Audit;
using DevOpsAgent.Audit.Mirror;
using DevOpsAgent.Configuration;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.ExecService;

/// <summary>The parts of the running service, put together in one place: policy, audit log, sessions, gateway, keys and trust.</summary>
internal sealed class ExecParts : IAsyncDisposable
{
    private readonly uint _user = UnixProcess.UserId;
    private readonly Stack<IDisposable> _owned = new();
    private AuditMirror? _mirror;
    private Gateway? _gateway;
    private RunCommandTool? _tool;

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
        if (_gateway is null)
        {
            // Without a policy there is no gateway, and so no way to run anything; the refusal is counted all the same.
            var disabled = await Sessions.AdmitAsync(request);
            return new(disabled!.Reason.Wire(), disabled.Text);
        }

        // Not with the caller's cancellation: who hangs up ends the session by that, and its receipt is still written.
        var answer = await _gateway.CallAsync(_tool!, request, caller, incidentId: null, CancellationToken.None);
        return answer.Decision == Decision.Deny || answer.Waits ? new(answer.Code, answer.Text)
            : answer.Result?.Value is ExecRefusal refusal ? new(refusal.Reason.Wire(), refusal.Text)
            : null;
    }

    public async ValueTask DisposeAsync()
    {
        if (Sessions is not null)
        {
            await Sessions.DisposeAsync();
        }

        if (_mirror is not null)
        {
            await _mirror.DisposeAsync();
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

        if (Policy is ExecPolicy.Enabled { Acl: var enabled })
        {
            Enable(config, enabled, say);
        }
        else
        {
            // Nothing is run, so nothing is written either: no log, no receipts.
            Sessions = new(Policy, new DisabledAudit(), Time);
        }
    }

    /// <summary>The one way to a command: intent, guard, permit, session, receipt.</summary>
    private void Enable(AgentConfig config, ExecAcl acl, Action<string, string> say)
    {
        var audit = AuditOf(config.Audit, acl);
        var keys = Own(KeyRing.Open(Path.Combine(audit.Directory, AuditKeys.Folder), Time));
        var log = Own(AuditLog.Open(audit, AuditKeys.Of(keys), Time));
        Sessions = new(Policy, log, Time);
        _mirror = MirrorOf(audit, acl, log, say);

        var database = Config.Receipts ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(audit.Directory))!, "receipts.db");
        var store = Own(new SqliteStore(database));
        var journal = Own(new ReceiptJournal(store.Receipts, keys, Time, ReceiptAnchor.Of(keys.Directory!, database)));
        var behaviour = Own(new BehaviourProfiles(config.Behaviour, store.Behaviour, Time));
        journal.Recorded = behaviour.Record;
        IGuard[] guards = [new SchemaGuard(), new RateGuard(config.Guards.Rate, Time), new ExecAclGuard(Sessions), new BehaviourGuard(behaviour)];
        _tool = new(Sessions, Machine.Id, Machine.Id);
        _gateway = new(
            journal,
            new(guards, new PromotionRules(config.Guards.Promote), config.Guards.TimeLimit, Time),
            [_tool],
            PolicyHashOf(config, guards),
            Time);
        Sessions.OpenTo(_gateway);

        // What a kill left: the commands of then are gone or nobody's, and their receipts say that it is not known.
        new OpenIntents(journal, [_tool], Time).CloseAll();
    }

    private string PolicyHashOf(AgentConfig config, IGuard[] guards) => Convert.ToHexStringLower(SHA256.HashData(
        [.. Encoding.ASCII.GetBytes(PolicyHash.Of(config, guards)), .. File.ReadAllBytes(Policy.Path)]));

    /// <summary>audit.directory, unless the ACL names a log of its own: /var/log/x/exec.jsonl is the directory /var/log/x/exec.</summary>
    private static AuditConfig AuditOf(AuditConfig audit, ExecAcl acl) => acl.AuditLogPath == new AclDraft().AuditLogPath
        ? audit
        : audit with { Directory = Path.ChangeExtension(Path.GetFullPath(acl.AuditLogPath), null) };

    /// <summary>The copy elsewhere is never in the log's way: a fault of it is said and tried again.</summary>
    private AuditMirror? MirrorOf(AuditConfig audit, ExecAcl acl, AuditLog log, Action<string, string> say)
    {
        try
        {
            return MirrorFactory.Start(audit, acl.AuditTasklistId, log, Time, problem =>
                say(problem is null ? "exec" : "warning", problem is null ? "the audit mirror goes on" : $"the audit mirror waits: {problem}"));
        }
        catch (MirrorException e)
        {
            throw CommandException.Usage(e.Message, "An example: \"Host=db;Database=audit;Username=agent;Password=${PGPASSWORD}\".");
        }
    }

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
