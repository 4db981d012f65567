using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Kubernetes.Client;
using DevOpsAgent.Logs;
using DevOpsAgent.Service;
using DevOpsAgent.Store;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.App.Cli;

/// <summary>The checks of <c>doctor</c>. Each stands alone: one that fails doesn't stop the next. Changes nothing.</summary>
internal sealed class Doctor(LoadedConfig loaded, Terminal terminal, List<Check> checks)
{
    private readonly AgentConfig _config = loaded.Config;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        Ok("configuration", loaded.File is { } file ? $"{file} is fine" : "built-in defaults (no --config)");
        foreach (var warning in loaded.Warnings)
        {
            Warn("configuration", warning.ToString(), null);
        }

        Rules();
        if (_config.Logs.Count == 0 && !_config.WatchesElasticsearch())
        {
            Warn("logs", "no log is configured", "give --log FILE, or logs in the configuration");
        }

        foreach (var log in _config.Logs.Where(static l => l.Path != "-" && !l.Path.Contains('*', StringComparison.Ordinal)))
        {
            Log(log);
        }

        await new DoctorElastic(_config, terminal.Time, checks).RunAsync(cancellationToken);
        Database();
        await TargetAsync(cancellationToken);
        await new DoctorCluster(_config.Kubernetes, ClusterEnvironment.OfProcess(), terminal.Time, checks).RunAsync(cancellationToken);
        await new DoctorModel(_config.Llm, terminal.Time, checks).RunAsync(cancellationToken);
        Page();
    }

    private void Rules()
    {
        try
        {
            var rules = RuleLibrary.Load(_config.Detection);
            Ok("rules", string.Create(CultureInfo.InvariantCulture, $"{rules.Rules.Count} rules"));
        }
        catch (ConfigException e)
        {
            Fail("rules", string.Join("; ", e.Problems), "correct the rule files, or take them out of detection.rules");
        }
    }

    private void Log(LogConfig log)
    {
        var name = $"log {log.Path}";
        LogCheckup checkup;
        try
        {
            checkup = LogCheckup.Read(log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var missing = e is FileNotFoundException or DirectoryNotFoundException;
            Add(name, missing ? CheckStatus.Warning : CheckStatus.Failed, Directory.Exists(log.Path) ? "is a directory" : e.Message, missing
                ? "check the path and accessLog.filePath in Traefik; the agent waits until the file appears"
                : Directory.Exists(log.Path) ? "name the file, or use a pattern such as DIR/*.log" : $"let user {Environment.UserName} read it");
            return;
        }

        var statistics = checkup.Statistics;
        if (statistics.Lines == 0)
        {
            Warn(name, "is empty", "send a request through Traefik and look again");
            return;
        }

        var share = (double)statistics.Parsed / statistics.Lines;
        var reasons = Enum.GetValues<UnparsedReason>().Where(r => r != UnparsedReason.None && statistics.UnparsedFor(r) > 0)
            .Select(r => string.Create(CultureInfo.InvariantCulture, $"{statistics.UnparsedFor(r)} {LineStatistics.Label(r)}")).ToList();
        var formats = string.Join(", ", Enum.GetValues<LogFormat>().Where(f => statistics.ParsedAs(f) > 0).Select(f => string.Create(CultureInfo.InvariantCulture, $"{statistics.ParsedAs(f):N0} {f}")));
        Add(name, share >= 0.9 ? CheckStatus.Ok : share > 0 ? CheckStatus.Warning : CheckStatus.Failed,
            string.Create(CultureInfo.InvariantCulture, $"{statistics.Parsed:N0} of the last {statistics.Lines:N0} lines can be read ({formats}){(reasons.Count > 0 ? "; unreadable: " + string.Join(", ", reasons) : "")}"),
            share >= 0.9 ? null : "this must be Traefik's access log (accessLog, not log), in JSON or CLF");
        Format(log, checkup, name);
        Addresses(checkup, name);
    }

    private void Format(LogConfig log, LogCheckup checkup, string name)
    {
        var clf = checkup.Statistics.ParsedAs(LogFormat.Clf) + checkup.Statistics.ParsedAs(LogFormat.GenericClf);
        if (clf > 0 && !log.TrustClf)
        {
            Warn(name, "is CLF, which any client can forge (a user name with a line feed): such evidence always waits for a person", "set accessLog.format: json in Traefik");
        }

        if (checkup.Suspect > 0)
        {
            Warn(name, string.Create(CultureInfo.InvariantCulture, $"{checkup.Suspect} lines are out of step with Traefik's request counter: perhaps forged"), "set accessLog.format: json in Traefik");
        }

        if (checkup.Statistics.Parsed > 0 && checkup.WithAgent == 0)
        {
            Warn(name, "no line has a user agent: Traefik drops that header", "set accessLog.fields.headers.names.User-Agent: keep in Traefik");
        }
    }

    private void Addresses(LogCheckup checkup, string name)
    {
        var topology = checkup.Topology;
        Add(name, topology.Verdict == TopologyVerdict.Direct ? CheckStatus.Ok : CheckStatus.Warning, topology.Sentence, null);
        if (topology.PeerBlockHitsBalancer && _config.Mode == Mode.Auto)
        {
            Fail("mode", "auto is refused with this log: a block by TCP peer would hit the balancer", "set mode: review, or let Traefik see the clients (PROXY protocol)");
        }
    }

    private void Database()
    {
        var path = _config.Database.Path;
        try
        {
            if (!File.Exists(path))
            {
                var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
                Ok("database", $"{path} will be made{(Directory.Exists(directory) ? "" : $", and its directory {directory}")}");
                return;
            }

            using var store = new SqliteStore(path);
            store.ListBlocks(liveOnly: true, 1, 0, out var live);
            Ok("database", string.Create(CultureInfo.InvariantCulture, $"{path}: {store.ListIncidents(new() { Limit = 1 }).Total} incidents, {live} live blocks"));
            try
            {
                using var held = AgentLock.Take(path);
                Ok("agent", "none runs on this database now");
            }
            catch (StoreException e) when (e.Fault == StoreFault.InUse)
            {
                Ok("agent", "one runs on this database");
            }
        }
        catch (StoreException e)
        {
            Fail("database", e.Message, null);
        }
    }

    private async Task TargetAsync(CancellationToken cancellationToken)
    {
        if (_config.Blocking.Kubernetes.Way != "off")
        {
            await ClusterTargetAsync(cancellationToken);
            return;
        }

        if (_config.Blocking.Directory is not { } directory)
        {
            Warn("target", "neither blocking.directory nor blocking.kubernetes.way: nothing can be denied, approvals will fail", "set the one to the directory that Traefik's file provider watches, or the other to auto");
            return;
        }

        if (!Directory.Exists(directory))
        {
            Fail("target", $"{directory} doesn't exist", "create it, and name it in Traefik's providers.file.directory");
            return;
        }

        var parent = _config.Blocking.TempDirectory ?? Path.GetDirectoryName(Path.GetFullPath(directory))!;
        foreach (var place in new[] { directory, parent }.Distinct(StringComparer.Ordinal))
        {
            if (!Writable(place))
            {
                Fail("target", $"{place} can't be written by user {Environment.UserName}", place == directory ? "give the permission" : "give the permission, or set blocking.temp_directory to a directory of the same file system outside the watched one");
            }
        }

        using var store = File.Exists(_config.Database.Path) ? new SqliteStore(_config.Database.Path) : null;
        if (store is not null)
        {
            using var api = _config.Blocking.TraefikApi is { } root ? new TraefikApi(root, terminal.Time) : null;
            var target = AgentParts.TargetOf(_config, api, terminal.Time);
            var state = await target.InspectAsync(DenyListOf(store), cancellationToken);
            Add("target", state.Drift is null ? CheckStatus.Ok : CheckStatus.Warning, state.Drift ?? $"{target.Description} is as it should be", state.Drift is null ? null : "a running agent sets it right by itself");
        }
        else
        {
            Ok("target", $"{directory} can be written");
        }
    }

    private async Task ClusterTargetAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var target = (IAsyncDisposable)AgentParts.TargetOf(_config, null, terminal.Time);
            var cluster = (IBlockTarget)target;
            using var store = File.Exists(_config.Database.Path) ? new SqliteStore(_config.Database.Path) : null;
            var state = await cluster.InspectAsync(store is null ? DenyList.Empty : DenyListOf(store), cancellationToken);
            if (!state.Reachable)
            {
                Fail("target", state.Drift ?? "the cluster can't be read", null);
                return;
            }

            Add("target", state.Drift is null ? CheckStatus.Ok : CheckStatus.Warning, state.Drift ?? $"{cluster.Description} is as it should be", state.Drift is null ? null : "a running agent sets it right by itself");
            if (cluster.ReviewReason is { } reason)
            {
                Warn("target", $"mode auto leaves every block to a person: {reason}", "see 'devops-agent inspect'");
            }
        }
        catch (ConfigException e)
        {
            Fail("target", e.Message, null);
        }
    }

    private static DenyList DenyListOf(SqliteStore store) => store.GetLiveBlocks() is { Count: > 0 } live
        ? new([.. live.Select(static b => b.Range).Distinct().Order()], [])
        : DenyList.Empty;

    /// <summary>Asks the kernel by making and removing a file, as permissions, read-only mounts and ACLs all have a say.</summary>
    private static bool Writable(string directory)
    {
        var probe = Path.Combine(directory, $".devops-agent-doctor-{Environment.ProcessId}");
        try
        {
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void Page()
    {
        if (!_config.Web.Serve)
        {
            return;
        }

        if (!IPEndPoint.TryParse(_config.Web.Listen, out var endpoint))
        {
            Fail("page", $"web.listen '{_config.Web.Listen}' is not ADDRESS:PORT", "such as 127.0.0.1:8686");
            return;
        }

        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            Ok("page", $"{endpoint} is free");
        }
        catch (SocketException e)
        {
            Warn("page", $"{endpoint}: {e.Message}", "an agent that runs holds it; else stop what uses it or choose another web.listen");
        }
    }

    private void Ok(string name, string text) => Add(name, CheckStatus.Ok, text, null);

    private void Warn(string name, string text, string? next) => Add(name, CheckStatus.Warning, text, next);

    private void Fail(string name, string text, string? next) => Add(name, CheckStatus.Failed, text, next);

    private void Add(string name, CheckStatus status, string text, string? next) => checks.Add(new(name, status, text, next));
}
