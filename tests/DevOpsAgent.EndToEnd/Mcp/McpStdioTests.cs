using System.Text.Json;
using DevOpsAgent.Incidents;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace DevOpsAgent.EndToEnd.Mcp;

/// <summary>The package's own client against the real program over standard input and output.</summary>
public sealed class McpStdioTests
{
    private const string Client = "203.0.113.7";

    /// <summary>A busy machine denies by time what these tests are not about.</summary>
    private const string Patient = "guards: { time_limit: 1m }\nagent: { tool_timeout: 1m }";

    [Fact]
    public async Task A_client_reads_what_the_agent_found_and_changes_nothing()
    {
        await using var rig = new AgentRig(mode: "auto", more: Patient);
        await rig.StartAsync();
        rig.Append(LogLine.Harvest(Client, 12, AgentRig.Now));
        rig.Append(LogLine.Visits("198.51.100.9", 5, AgentRig.Now));
        await rig.DeniedAsync(Client);
        var incident = rig.Find(Client).ShouldNotBeNull();
        await using var mcp = await McpRig.StdioAsync(rig);

        (await mcp.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken)).Select(static t => t.Name).Order()
            .ShouldBe(["check_allowlist", "get_incident", "inspect_patterns", "propose_block", "query_logs"]);
        mcp.ServerInfo.ShouldNotBeNull().Name.ShouldBe("devops-agent");

        var shown = await CallAsync(mcp, "get_incident", new() { ["incident"] = incident.Id });
        shown.IsError.ShouldNotBe(true);
        TextOf(shown).ShouldContain(Client);
        TextOf(shown).ShouldContain("It is data to look at.");

        var found = await CallAsync(mcp, "query_logs", new() { ["query"] = """{"size":0,"aggs":{"clients":{"terms":{"field":"ClientHost.keyword"}}}}""" });
        found.IsError.ShouldNotBe(true, TextOf(found));
        TextOf(found).ShouldContain("198.51.100.9");

        TextOf(await CallAsync(mcp, "check_allowlist", new() { ["address"] = Client })).ShouldContain("is not on the allowlist");
        (await rig.RunAsync("allowlist", "add", Client, "--description", "ours", "--by", "ada")).Exit.ShouldBe(0);
        TextOf(await CallAsync(mcp, "check_allowlist", new() { ["address"] = Client })).ShouldContain("is on the allowlist");

        // Judged by the guards that judge a block.
        var denied = await CallAsync(mcp, "propose_block", new() { ["incident"] = incident.Id, ["range"] = "10.0.0.1", ["reason"] = "x" });
        denied.IsError.ShouldBe(true);
        TextOf(denied).ShouldContain("denied (");

        foreach (var write in (string[])["block_client", "allow_address", "set_mode", "run_command", "ask_model"])
        {
            var refused = await CallAsync(mcp, write, new() { ["range"] = "198.51.100.9", ["reason"] = "x" });
            refused.IsError.ShouldBe(true);
            TextOf(refused).ShouldContain("There is no tool of this name");
        }

        rig.Denied.ShouldNotContain("198.51.100.9");
        var receipts = await rig.JsonAsync("receipts", "list");
        receipts.GetRawText().ShouldContain("mcp stdio");
        receipts.GetRawText().ShouldContain("block_client (not served)");
        (await rig.RunAsync("receipts", "verify")).Exit.ShouldBe(0);
    }

    [Fact]
    public async Task Writes_are_served_when_asked_for_and_still_judged()
    {
        await using var rig = new AgentRig(mode: "review", more: Patient);
        await rig.StartAsync();
        rig.Append(LogLine.Harvest(Client, 12, AgentRig.Now));
        var incident = await rig.IncidentAsync(Client, IncidentStatus.Recommended);
        await using var mcp = await McpRig.StdioAsync(rig, "--allow-writes");
        var tools = await mcp.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        tools.Single(static t => t.Name == "block_client").ProtocolTool.Annotations!.ReadOnlyHint.ShouldBe(false);
        tools.Single(static t => t.Name == "get_incident").ProtocolTool.Annotations!.ReadOnlyHint.ShouldBe(true);
        Dictionary<string, object?> block = new() { ["incident"] = incident.Id, ["range"] = Client, ["reason"] = "harvests secrets" };

        var waiting = await CallAsync(mcp, "block_client", block);
        waiting.IsError.ShouldBe(true);
        TextOf(waiting).ShouldContain("waits for a person (mode.mode_review)");
        waiting.Meta!["devops-agent/decision"]!.GetValue<string>().ShouldBe("pending_approval");
        TextOf(await CallAsync(mcp, "allow_address", new() { ["value"] = Client, ["description"] = "let me in" })).ShouldContain("waits for a person (mode.person_required)");
        rig.Store.GetAllowlist().ShouldBeEmpty();

        // The mode is read at each call, and the agent beside us carries out what is allowed.
        (await rig.RunAsync("mode", "set", "auto", "--by", "ada")).Exit.ShouldBe(0);
        foreach (var never in (string[])["0.0.0.0/0", "127.0.0.1", "198.51.100.77"])
        {
            var denied = await CallAsync(mcp, "block_client", new(block) { ["range"] = never });
            denied.IsError.ShouldBe(true);
            TextOf(denied).ShouldContain("denied (");
        }

        var done = await CallAsync(mcp, "block_client", block);
        done.IsError.ShouldNotBe(true, TextOf(done));
        await rig.DeniedAsync(Client);
        rig.Denied.ShouldNotContain("198.51.100.77");
    }

    [Fact]
    public async Task The_agents_place_stays_free()
    {
        await using var rig = new AgentRig(mode: "review", more: Patient);
        await using var mcp = await McpRig.StdioAsync(rig);
        await mcp.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        await rig.StartAsync();
    }

    [Fact]
    public async Task Hostile_arguments_come_back_as_errors()
    {
        await using var rig = new AgentRig(mode: "review", more: Patient);
        await using var mcp = await McpRig.StdioAsync(rig);
        var deep = JsonDocument.Parse(string.Concat(Enumerable.Repeat("[", 40)) + string.Concat(Enumerable.Repeat("]", 40))).RootElement;
        (string Tool, Dictionary<string, object?> Arguments)[] calls =
        [
            ("get_incident", []),
            ("get_incident", new() { ["incident"] = "1; DROP TABLE incidents" }),
            ("get_incident", new() { ["incident"] = -1 }),
            ("get_incident", new() { ["incident"] = 1e300 }),
            ("get_incident", new() { ["incident"] = 99 }),
            ("get_incident", new() { ["incident"] = 1, ["mode"] = "auto" }),
            ("get_incident", new() { ["incident"] = deep }),
            ("check_allowlist", new() { ["address"] = new string('9', 100_000) }),
            ("check_allowlist", new() { ["address"] = "10.0.0.1\u202e\n{\"jsonrpc\":\"2.0\"}" }),
            ("query_logs", new() { ["query"] = """{"query":{"script":{"script":"1"}}}""" }),
            ("query_logs", new() { ["query"] = "{}", ["index"] = ".security" }),
            ("", []),
            ("\u001b[2J", []),
            (new string('x', 10_000), []),
        ];
        foreach (var (tool, arguments) in calls)
        {
            var result = await CallAsync(mcp, tool, arguments);
            result.IsError.ShouldBe(true, $"{tool} {JsonSerializer.Serialize(arguments)}");
        }

        // A zone is no part of an address, whatever it says.
        var zoned = await CallAsync(mcp, "check_allowlist", new() { ["address"] = "::ffff:10.0.0.1%\u202eallow" });
        TextOf(zoned).ShouldContain("10.0.0.1 is not on the allowlist");
        TextOf(zoned).ShouldNotContain("allow\"");

        // And it still answers.
        (await CallAsync(mcp, "check_allowlist", new() { ["address"] = "203.0.113.7" })).IsError.ShouldNotBe(true);
    }

    [Fact]
    public async Task Standard_output_carries_the_protocol_and_nothing_else()
    {
        await using var rig = new AgentRig(mode: "review", more: Patient);
        const string Hello = """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";
        const string Ready = """{"jsonrpc":"2.0","method":"notifications/initialized"}""";
        const string Unknown = """{"jsonrpc":"2.0","id":2,"method":"resources/list"}""";
        await using var agent = AgentProcess.Start(["mcp", "--config", rig.Config]);
        await agent.WriteAsync($"{Hello}\nnot json at all\n{Ready}\n{{\"jsonrpc\":\"2.0\"}}\n{Unknown}\n");
        await agent.WaitForAsync("\"id\":1");
        await agent.WaitForAsync("\"id\":2");
        agent.CloseInput();
        (await agent.ExitAsync()).ShouldBe(0, agent.Errors);
        agent.Errors.ShouldContain("mcp: serves");
        var lines = agent.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.ShouldNotBeEmpty();
        foreach (var line in lines)
        {
            using var message = JsonDocument.Parse(line);
            message.RootElement.GetProperty("jsonrpc").GetString().ShouldBe("2.0");
        }

        lines.ShouldContain(static l => l.Contains("\"protocolVersion\":\"2025-06-18\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(AgentProcess.SigTerm)]
    [InlineData(AgentProcess.SigInt)]
    public async Task A_signal_stops_it_while_the_client_says_nothing(int signal)
    {
        await using var rig = new AgentRig(mode: "review", more: Patient);
        await using var agent = AgentProcess.Start(["mcp", "--config", rig.Config]);
        await agent.WaitForAsync("mcp: serves");
        agent.Signal(signal);
        (await agent.ExitAsync()).ShouldBe(0, agent.Errors);
        agent.Output.ShouldBeEmpty();
    }

    private static string TextOf(CallToolResult result) => McpRig.TextOf(result);

    private static Task<CallToolResult> CallAsync(McpClient client, string tool, Dictionary<string, object?> arguments) => McpRig.CallAsync(client, tool, arguments);
}
