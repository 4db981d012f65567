using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DevOpsAgent.EndToEnd.Guard;

/// <summary>
/// The policy of deploy/guard holds the agent while it does all of its work, in mode enforce, without a violation. Its rules are
/// taken as they are shipped; only the places of this machine are put in for those of an installation.
/// </summary>
[Collection(GuardTests.Name)]
public sealed class ShippedPolicyTests
{
    private static readonly HttpClient s_http = new() { DefaultRequestHeaders = { { "X-Devops-Agent", "1" } } };

    /// <summary>With the backends in the kernel every single call is judged; with /proc what lasts until the next look.</summary>
    [Theory]
    [InlineData("proc")]
    [InlineData("tracepoint")]
    [InlineData("lsm")]
    public async Task A_day_of_work_under_enforce_breaks_no_rule(string backend)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        await using var rig = new GuardRig(backend);
        await File.WriteAllTextAsync(rig.Policy, Here(rig), TestContext.Current.CancellationToken);
        var guard = await rig.GuardAsync();
        guard.Errors.ShouldContain("mode enforce, 3 policies");
        var agent = await rig.AgentAsync();
        using var client = rig.Ask();
        await Eventually.Some(async () => (await client.HealthAsync(TestContext.Current.CancellationToken)) is var h && h.Guarded["devops-agent"].Running > 0 ? h : null, "the agent is guarded", rig.Said);

        await WorkAsync(rig);
        await rig.StopAsync(agent); // the last it does: what is open is stored

        // A restart over what the first left: keys, database, log position, live blocks.
        agent = await rig.AgentAsync();
        await AttackAsync(rig, "203.0.113.99");
        await rig.StopAsync(agent);

        var stats = await client.StatsAsync(TestContext.Current.CancellationToken);
        guard.Output.ShouldBe("", "each line is a violation");
        (stats.Violations, stats.Killed, stats.Blocked).ShouldBe((0, 0, 0));
        stats.TotalEvents.ShouldBeGreaterThan(backend == "proc" ? 50 : 0, "it was looked at"); // the kernel tells of programs that start, and of what is denied
        await rig.StopAsync(guard);
    }

    /// <summary>The test above bites: what the policy doesn't allow is seen.</summary>
    [Fact]
    public async Task A_log_from_elsewhere_breaks_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        await using var rig = new GuardRig();
        await File.WriteAllTextAsync(rig.Policy, Here(rig), TestContext.Current.CancellationToken);
        var elsewhere = Path.Combine(rig.Folder, "elsewhere.log");
        await File.WriteAllTextAsync(elsewhere, LogLine.Json("198.51.100.4", "/", 200, AgentRig.Now) + "\n", TestContext.Current.CancellationToken);
        var guard = await rig.GuardAsync();
        await rig.AgentAsync("--log", elsewhere);
        await guard.WaitForAsync($"unauthorized file access: {elsewhere}");
    }

    private static async Task WorkAsync(GuardRig rig)
    {
        // Follow, find, decide, block, undo, by the page's own calls.
        File.AppendAllLines(rig.Log, LogLine.Visits("198.51.100.4", 200, AgentRig.Now));
        var id = await AttackAsync(rig, "203.0.113.7");
        (await SendAsync(rig, HttpMethod.Post, $"/api/incidents/{id}/approve", new { by = "ada" })).ShouldBe(200);
        await Eventually.True(() => File.Exists(rig.DenyFile) && File.ReadAllText(rig.DenyFile).Contains("203.0.113.7", StringComparison.Ordinal), "it is denied", rig.Said);
        (await SendAsync(rig, HttpMethod.Post, $"/api/incidents/{id}/undo", new { by = "ada" })).ShouldBe(200);
        await Eventually.True(() => !File.Exists(rig.DenyFile), "it is free again", rig.Said);

        // In mode auto it blocks by itself; a block of a person, the allowlist.
        (await SendAsync(rig, HttpMethod.Put, "/api/mode", new { mode = "auto" })).ShouldBe(200);
        await AttackAsync(rig, "203.0.113.8");
        await Eventually.True(() => File.Exists(rig.DenyFile) && File.ReadAllText(rig.DenyFile).Contains("203.0.113.8", StringComparison.Ordinal), "mode auto denies", rig.Said);
        (await SendAsync(rig, HttpMethod.Post, "/api/allowlist", new { ip_or_cidr = "203.0.113.8", description = "ours" })).ShouldBe(201);
        await Eventually.True(() => !File.Exists(rig.DenyFile), "what is allowed is free", rig.Said);

        // The log is rotated under it.
        File.Move(rig.Log, rig.Log + ".1");
        await File.WriteAllTextAsync(rig.Log, "");
        await AttackAsync(rig, "203.0.113.9");

        // Everything the page and a monitor ask for.
        foreach (var path in (string[])["/", "/app.js", "/api/incidents", $"/api/incidents/{id}", "/api/blocks", "/api/allowlist", "/api/stats", "/api/status", "/api/tools", "/api/receipts", "/api/behaviour", "/healthz", "/readyz", "/metrics", "/openapi.json"])
        {
            using var answer = await s_http.GetAsync(new Uri(rig.Page, path), TestContext.Current.CancellationToken);
            ((int)answer.StatusCode).ShouldBe(200, path);
        }

        // Commands beside it share its database.
        (await rig.RunAsync("incidents", "list")).Exit.ShouldBe(0);
        (await rig.RunAsync("receipts", "verify")).Exit.ShouldBe(0);
    }

    private static async Task<long> AttackAsync(GuardRig rig, string client)
    {
        File.AppendAllLines(rig.Log, LogLine.Harvest(client, 20, AgentRig.Now));
        var found = await Eventually.Some(async () =>
        {
            var page = await s_http.GetFromJsonAsync<JsonElement>(new Uri(rig.Page, $"/api/incidents?q={client}"), TestContext.Current.CancellationToken);
            return page.GetProperty("items").EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } item ? (object)item.GetProperty("id").GetInt64() : null;
        }, $"an incident of {client}", rig.Said);
        return (long)found;
    }

    private static async Task<int> SendAsync(GuardRig rig, HttpMethod method, string path, object body)
    {
        using var request = new HttpRequestMessage(method, new Uri(rig.Page, path)) { Content = JsonContent.Create(body) };
        using var answer = await s_http.SendAsync(request, TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    private static string Here(GuardRig rig)
    {
        (string Shipped, string Here)[] places =
        [
            ("\nmode: audit", "\nmode: enforce"),
            ("on_agent_exit: keep", "on_agent_exit: release"), // nothing of a test stays in the kernel
            ("unit: devops-agent.service", $"exe: {GuardRig.Host}"),
            ("/usr/lib/devops-agent/devops-agent", GuardRig.Host),
            ("/usr/lib/devops-agent/", AppContext.BaseDirectory),
            ("/etc/devops-agent/", Path.Combine(rig.Folder, "etc") + "/"),
            ("/var/lib/devops-agent/", Path.Combine(rig.Folder, "lib") + "/"),
            ("/var/log/traefik/", Path.Combine(rig.Folder, "log") + "/"),
            ("/etc/traefik/.devops-agent/", Path.Combine(rig.Folder, "temp") + "/"),
            ("/etc/traefik/dynamic", Path.Combine(rig.Folder, "dynamic")),
            ("127.0.0.1:8686", $"127.0.0.1:{rig.Port}"),
        ];
        var text = File.ReadAllText(Shipped());
        foreach (var (shipped, here) in places)
        {
            text.ShouldContain(shipped);
            text = text.Replace(shipped, here, StringComparison.Ordinal);
        }

        return text;
    }

    private static string Shipped([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "deploy", "guard", "policy.yaml"));
}
