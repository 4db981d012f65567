using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.GuardControl;

/// <summary>The parts of a running guard besides watching, put together in one place: its directory, gateway with receipts, alerts.</summary>
internal sealed class GuardParts : IAsyncDisposable
{
    private readonly Stack<IDisposable> _owned = new();
    private readonly AgentConfig _config;
    private readonly TimeProvider _time;
    private readonly Action<string, string> _say;
    private readonly KillProcessTool _kill;
    private readonly ProcTree _tree = new();
    private Gateway? _gateway;
    private SetGuardModeTool? _setMode;

    private GuardParts(AgentConfig config, TimeProvider time, Action<string, string> say)
    {
        (_config, _time, _say) = (config, time, say);
        _kill = new(_tree, (pid, start) => PidKill.TryKill(_tree, pid, start), KillProcessTool.Uptime, time);
    }

    public string Directory { get; private set; } = "";

    public GuardAlerts Alerts { get; private set; } = null!;

    public GuardService Guard { get; private set; } = null!;

    /// <summary>Takes the guard's directory for this process. Throws <see cref="CommandException"/> with who holds it, or what is wrong with it.</summary>
    /// <param name="say">Label and sentence, for the person who reads the guard's log.</param>
    public static GuardParts Open(AgentConfig config, GuardService guard, TimeProvider time, Action<string, string> say)
    {
        var parts = new GuardParts(config, time, say) { Guard = guard, Directory = Path.GetFullPath(config.RuntimeGuard.Directory) };
        try
        {
            parts.Fill();
            return parts;
        }
        catch (Exception e)
        {
            parts.Close();
            throw e switch
            {
                StoreException { Fault: StoreFault.InUse } => CommandException.Dependency(char.ToUpperInvariant(e.Message[0]) + e.Message[1..] + ".", $"Two guards would tell and do everything twice. 'devops-agent guard status' asks the one that runs."),
                StoreException or KeyException or IOException or UnauthorizedAccessException => CommandException.Dependency($"The guard's directory {parts.Directory} can't be used: {e.Message}", "Set runtime_guard.directory to a directory of this user."),
                _ => e,
            };
        }
    }

    /// <summary>A limit of memory or CPU was passed: called by the backend that samples, on its thread. False: not killed; the violation says so.</summary>
    public bool TryKill(int pid, long startTicks)
    {
        if (_gateway is null)
        {
            return false;
        }

        // Nothing here waits for anything but the disk: all guards answer from memory.
        var exe = _tree.Exe(pid);
        var request = new ProcessRequest(pid, exe, "passed its limit of memory or CPU", _time.GetUtcNow()) { StartTicks = startTicks, IsLimit = true };
        var answer = _gateway.CallAsync(_kill, request, GuardResponder.CallerOf(Path.GetFileName(exe)), incidentId: null, CancellationToken.None).GetAwaiter().GetResult();
        if (answer.Result is not { Succeeded: true })
        {
            _say("warning", string.Create(CultureInfo.InvariantCulture, $"process {pid} ({exe}) passed its limit and was not killed: {answer.Text}"));
        }

        return answer.Result is { Succeeded: true };
    }

    /// <summary>Null: done; else why not.</summary>
    public async Task<string?> SetModeAsync(GuardModeRequest request, Caller caller, CancellationToken cancellationToken)
    {
        var answer = await _gateway!.CallAsync(_setMode!, request, caller, incidentId: null, cancellationToken);
        return answer.Result is { Succeeded: true } ? null : answer.Text;
    }

    /// <summary>Names each route of the policy that leads nowhere.</summary>
    public void SayRoutes()
    {
        var alerts = Guard.Engine.Policy.Policy.Alerts;
        var routes = alerts.OnViolation.Concat(alerts.OnCritical).Concat(alerts.Breaker.OnOpen ?? []).ToHashSet(StringComparer.Ordinal);
        var config = _config.RuntimeGuard.Alerts;
        if (routes.Contains("send_to_soc_dashboard") && config.Dashboard.Url is null)
        {
            _say("warning", "the policy asks for send_to_soc_dashboard, and runtime_guard.alerts.dashboard.url is not set: nothing is sent there");
        }

        if (routes.Contains("notify_architect") && config.Architect.Url is null && config.Mail.Server is null)
        {
            _say("warning", "the policy asks for notify_architect, and neither runtime_guard.alerts.architect.url nor runtime_guard.alerts.mail.server is set: nobody is notified");
        }

        if (routes.Contains("isolate_network") && Guard.Backend is not INetworkIsolation)
        {
            _say("warning", $"the policy asks for isolate_network, and the backend {Guard.Backend.Name} can't take the network from a process: in mode enforce it is killed instead");
        }

        foreach (var (key, hook) in new[] { ("dashboard", config.Dashboard), ("architect", config.Architect) })
        {
            if (hook is { Url: { } url, Secret: null })
            {
                _say("warning", $"what is sent to {url.Host} is not signed: set runtime_guard.alerts.{key}.secret");
            }

            if (hook.Url is { IsLoopback: false, Scheme: "http" } plain)
            {
                _say("warning", $"what is sent to {plain.Host} can be read on the way: use https in runtime_guard.alerts.{key}.url");
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    private void Fill()
    {
        PrivateFile.CreateDirectory(Directory);
        Own(AgentLock.Take(Path.Combine(Directory, "guard"), "guard directory", "runtime_guard.directory"));
        var alerts = Own(AlertJournal.Open(Directory, _config.RuntimeGuard.Alerts.Keep, _say));

        var database = Path.Combine(Directory, "receipts.db");
        var keys = Own(KeyRing.Open(Path.Combine(Directory, "keys"), _time));
        var store = Own(new SqliteStore(database));
        var receipts = Own(new ReceiptJournal(store.Receipts, keys, _time, ReceiptAnchor.Of(keys.Directory!, database)));
        IGuard[] guards = [new SchemaGuard(), new RateGuard(_config.Guards.Rate, _time), new ResponseGuard(Guard.Engine)];
        var isolation = Guard.Backend as INetworkIsolation;
        var isolate = new IsolateNetworkTool(isolation, Guard.Backend.Name);
        _setMode = new(Guard);
        Tool[] tools = [_kill, isolate, _setMode];
        _gateway = new(receipts, new(guards, new PromotionRules(_config.Guards.Promote), _config.Guards.TimeLimit, _time), tools, PolicyHashOf(guards), _time);
        new OpenIntents(receipts, tools, _time).CloseAll();

        var responder = new GuardResponder(_gateway, _kill, isolate, isolation is not null, _time);
        Alerts = new(Guard.Engine, alerts, [.. Channels().Select(c => Delivery(Own(c), alerts))], new(_tree), responder, _time, _say);
    }

    private List<IAlertChannel> Channels()
    {
        var config = _config.RuntimeGuard.Alerts;
        var host = Dns.GetHostName();
        var channels = new List<IAlertChannel> { new SyslogChannel(config.Syslog, host, Environment.ProcessId, _time) };
        if (config.Dashboard.Url is { } dashboard)
        {
            channels.Add(new WebhookChannel("dashboard", "send_to_soc_dashboard", dashboard, config.Dashboard.Secret, host, _time));
        }

        if (config.Architect.Url is { } architect)
        {
            channels.Add(new WebhookChannel("architect", "notify_architect", architect, config.Architect.Secret, host, _time));
        }

        if (config.Mail.Server is not null)
        {
            channels.Add(config.Mail is { From: not null, To.Count: > 0 }
                ? new MailChannel(config.Mail, host, _time)
                : throw CommandException.Usage("runtime_guard.alerts.mail has a server, and no 'from' or no 'to'.", "Set both, or take the server away."));
        }

        return channels;
    }

    private AlertDelivery Delivery(IAlertChannel channel, AlertJournal journal) =>
        new(channel, journal, AlertCursor.Open(Path.Combine(Directory, channel.Name + ".cursor"), journal), _time, static () => RandomNumberGenerator.GetInt32(1_000) / 1_000.0, _say);

    private string PolicyHashOf(IGuard[] guards) => Convert.ToHexStringLower(SHA256.HashData(
        [.. Encoding.ASCII.GetBytes(PolicyHash.Of(_config, guards)), .. Encoding.UTF8.GetBytes(Guard.Engine.Policy.Policy.File)]));

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
