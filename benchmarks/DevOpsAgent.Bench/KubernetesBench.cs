using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.EndToEnd.Kubernetes;
using DevOpsAgent.Store;

namespace DevOpsAgent.Bench;

/// <summary>
/// The published service against a real kube-apiserver and etcd, under its own service account. First: a client's scan is appended to
/// the log; measured until a watch shows the last of our objects with the client in it, less what the API server itself takes in the
/// same round for the same two writes and their way to the watch, sent by this process. Then 10,000 live blocks: the CPU time of the
/// service for one more, the objects written for it, and the time from a start after kill -9 until a route that was deleted meanwhile
/// is back.
/// </summary>
internal static class KubernetesBench
{
    private const int Many = 10_000;
    private const string Target = "kubernetes: {way: routes, namespace: traefik, entry_points: [web, websecure]}";
    private const string Routes = "/apis/traefik.io/v1alpha1/namespaces/traefik/ingressroutes";
    private const string Last = "devops-agent-deny-tls";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task<JsonObject> RunAsync(BenchOptions options)
    {
        await using var server = new ApiServer();
        await server.InitializeAsync();
        var more = $"kubernetes:\n  kubeconfig: {server.Kubeconfig}";
        var rounds = options.Rounds > 0 ? options.Rounds : 60;
        var figures = await LatencyAsync(options, server, more, rounds);
        foreach (var (key, value) in await ManyAsync(options, server, more))
        {
            figures[key] = value?.DeepClone();
        }

        return figures;
    }

    private static async Task<JsonObject> LatencyAsync(BenchOptions options, ApiServer server, string more, int rounds)
    {
        await using var service = await Service.StartAsync(options.Agent, Target, more);
        List<double> whole = [], api = [], over = [];
        for (var i = 0; i < rounds; i++)
        {
            await Task.Delay(2300);
            var client = $"203.0.113.{(i % 125 * 2) + 1}";
            var own = await OwnAsync(server, client);
            var ms = await SeenAsync(server, Last, client, () => ScanAsync(service, client));
            whole.Add(ms);
            api.Add(own);
            over.Add(ms - own);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {i + 1}: {ms:F1} ms, the API server alone {own:F1} ms"));
        }

        return new()
        {
            ["p99_ms_over_api"] = Math.Round(Figures.Percentile(over, 0.99), 1),
            ["p50_ms_over_api"] = Math.Round(Figures.Median(over), 1),
            ["p99_ms"] = Math.Round(Figures.Percentile(whole, 0.99), 1),
            ["p50_ms"] = Math.Round(Figures.Median(whole), 1),
            ["api_p50_ms"] = Math.Round(Figures.Median(api), 1),
            ["api_p99_ms"] = Math.Round(Figures.Percentile(api, 0.99), 1),
            ["rounds"] = rounds,
            ["spread"] = Figures.Spread(whole),
        };
    }

    private static async Task<JsonObject> ManyAsync(BenchOptions options, ApiServer server, string more)
    {
        await using var service = await Service.StartAsync(options.Agent, Target, more, Fill);
        var first = Fresh(0);
        await SeenAsync(server, Last, first, () => ScanAsync(service, first));
        List<double> cpus = [], writes = [];
        for (var i = 1; i <= 5; i++)
        {
            // What is repeated every 30 s is no part of a change.
            await Task.Delay(4000);
            var before = await VersionsAsync(server);
            var cpu = Measured.CpuSeconds(service.Pid);
            var client = Fresh(i);
            await SeenAsync(server, Last, client, () => ScanAsync(service, client));
            await Task.Delay(1000);
            cpus.Add((Measured.CpuSeconds(service.Pid) - cpu) * 1000);
            writes.Add((await VersionsAsync(server)).Except(before, StringComparer.Ordinal).Count());
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"one of {Many + i}: {cpus[^1]:F0} ms of CPU, {writes[^1]} objects"));
        }

        List<double> restarts = [];
        var (folder, current) = (service.Folder, service);
        for (var i = 0; i < 3; i++)
        {
            await current.KillAsync();
            await server.SendAsync(HttpMethod.Delete, $"{Routes}/{Last}");
            var started = Stopwatch.GetTimestamp();
            Task<Service>? next = null;
            var seen = await SeenAsync(server, Last, first, () =>
            {
                next = Service.StartAsync(options.Agent, folder, Target, more);
                return Task.CompletedTask;
            });
            current = await next!;
            restarts.Add(seen / 1000);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"restart: {restarts[^1]:F2} s, page ready after {current.ReadyMs:F0} ms, {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s in all"));
        }

        var peak = Measured.StatusMb(current.Pid, "VmHWM");
        await current.KillAsync();
        return new()
        {
            ["change_10000_cpu_ms"] = Math.Round(Figures.Median(cpus)),
            ["change_10000_cpu_ms_max"] = Math.Round(cpus.Max()),
            ["change_10000_writes"] = writes.Max(),
            ["restart_10000_s"] = Math.Round(restarts.Max(), 2),
            ["peak_10000_mb"] = Math.Round(peak, 1),
        };
    }

    private static void Fill(string folder)
    {
        using var store = new SqliteStore(Path.Combine(folder, "agent.db"));
        var now = TimeProvider.System.GetUtcNow();
        for (var i = 0; i < Many; i++)
        {
            store.AddBlock(new Block
            {
                Range = AddressRange.Parse($"{1 + (i * 37 % 190)}.{i * 91 % 256}.{i / 40 % 256}.{(i * 13 % 127 * 2) + 1}") is var range && range.Address.ToString().StartsWith("10.", StringComparison.Ordinal) ? AddressRange.Parse($"201.{i / 256}.{i % 256}.1") : range,
                Reason = "bench",
                CreatedAt = now,
                ExpiresAt = now.AddHours(4),
                ApprovedBy = "bench",
                Status = BlockStatus.Unconfirmed,
                UpdatedAt = now,
            });
        }
    }

    private static string Fresh(int i) => $"203.0.113.{(i * 2) + 1}";

    private static async Task ScanAsync(Service service, string client)
    {
        await using var log = new FileStream(service.Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 0);
        await log.WriteAsync(Encoding.UTF8.GetBytes(string.Concat(FollowBench.Secrets.Select(path => FollowBench.Line(client, path, 404)))));
    }

    /// <summary>The API server's own time, ms: two applied routes, one after the other, until the watch shows the second.</summary>
    private static Task<double> OwnAsync(ApiServer server, string client) => SeenAsync(server, "bench-tls", client, async () =>
    {
        foreach (var name in new[] { "bench", "bench-tls" })
        {
            await server.SendAsync(HttpMethod.Patch, $"{Routes}/{name}?fieldManager=bench&force=true", JsonNode.Parse($$"""
                {"apiVersion":"traefik.io/v1alpha1","kind":"IngressRoute","metadata":{"name":"{{name}}","namespace":"traefik"},
                 "spec":{"entryPoints":["nowhere"],"routes":[{"kind":"Rule","match":"ClientIP(`{{client}}`)","services":[{"name":"noop@internal","kind":"TraefikService"}]}] } }
                """), "application/apply-patch+yaml");
        }
    });

    /// <summary>From the action until a watch shows the object with this client in it, ms.</summary>
    private static async Task<double> SeenAsync(ApiServer server, string name, string client, Func<Task> action)
    {
        using var limit = new CancellationTokenSource(Limit);
        var version = (string)(await server.SendAsync(HttpMethod.Get, Routes))["metadata"]!["resourceVersion"]!;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, $"{Routes}?watch=1&fieldSelector=metadata.name%3D{name}&resourceVersion={version}"));
        using var answer = await server.Admin.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(limit.Token));
        var start = Stopwatch.GetTimestamp();
        var acting = action();
        while (await lines.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.Contains($"`{client}`", StringComparison.Ordinal))
            {
                var ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                await acting;
                return ms;
            }
        }

        throw new InvalidOperationException($"{name} never held {client}");
    }

    private static async Task<HashSet<string>> VersionsAsync(ApiServer server) =>
        [.. (await server.ListAsync(Routes)).Concat(await server.ListAsync("/apis/traefik.io/v1alpha1/namespaces/traefik/middlewares")).Concat(await server.ListAsync("/api/v1/namespaces/traefik/services")).Select(static o => $"{o["metadata"]!["name"]} {o["metadata"]!["resourceVersion"]}")];
}
