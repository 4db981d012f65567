using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Agent;
using DevOpsAgent.Agent.Guardrails;
using DevOpsAgent.Agent.Results;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using ModelContextProtocol.Protocol;

namespace DevOpsAgent.App.Mcp;

/// <summary>
/// The gateway's tools as a client of MCP sees and calls them. The client is a model like our own: each call is judged, has a
/// receipt, and gets an answer in which log text is redacted, bounded and framed as data.
/// </summary>
/// <param name="writes">Names of tools with an effect that are served.</param>
internal sealed class ServedTools(OperatorDesk desk, AgentConfig config, IReadOnlySet<string> writes, Caller caller, TimeProvider time)
{
    /// <summary>Rows or entries of one answer; more are grouped.</summary>
    private const int Rows = 50;

    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement.Clone();

    private readonly InputRails _rails = new(config.Guardrails);

    public IReadOnlyList<string> Names => [.. Served.Select(static t => t.Name)];

    private IEnumerable<DevOpsAgent.Guards.Tool> Served => desk.Gateway.Tools.Where(t => t.HasEffect ? writes.Contains(t.Name) : ToolDeck.Offered.Contains(t.Name, StringComparer.Ordinal));

    public ListToolsResult List() => new() { Tools = [.. Served.Select(Describe)] };

    /// <summary>Never throws for what the call says, or what comes of it.</summary>
    public async Task<CallToolResult> CallAsync(string? name, IDictionary<string, JsonElement>? arguments, CancellationToken cancellationToken)
    {
        var tool = Served.FirstOrDefault(t => t.Name == name);
        var parameters = arguments is { Count: > 0 } ? JsonSerializer.SerializeToElement(arguments) : NoArguments;
        try
        {
            // The agent beside us may have changed it since.
            desk.Allowlist.Load(desk.Store.GetAllowlist());
            // A tool that exists but isn't served is as unknown as any other; the receipt says what was tried.
            var called = tool?.Name ?? (desk.Gateway.Tools.Any(t => t.Name == name) ? name + " (not served)" : name is { Length: > 0 } ? name : "(no name)");
            var asked = Task.Run(() => desk.Gateway.CallAsync(called, parameters, caller, cancellationToken), CancellationToken.None);
            var answer = tool is { HasEffect: true } ? await asked : await asked.WaitAsync(config.Agent.ToolTimeout, time, cancellationToken);
            return tool is null ? Error($"There is no tool of this name. Tools are {string.Join(", ", Names)}.", answer) : Result(tool, answer);
        }
        catch (TimeoutException)
        {
            return Error($"{tool?.Name}: no answer within {DurationText.Of(config.Agent.ToolTimeout)} (agent.tool_timeout). Ask for less.", null);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return Error($"{tool?.Name}: failed: {e.GetType().Name}. Nothing is known to have been done; see 'devops-agent receipts list'.", null);
        }
    }

    private CallToolResult Result(DevOpsAgent.Guards.Tool tool, CallAnswer answer)
    {
        if (answer.Result is not { } result)
        {
            return Error($"{tool.Name}: {(answer.Waits ? "waits for a person" : "denied")}{(answer.Reason.Length > 0 ? $" ({answer.Reason})" : "")}. {answer.Text}", answer);
        }

        JsonObject tree = result switch
        {
            { Output: { } output, Succeeded: true } when tool.Name == "query_logs" => HitTable.Of(output, Rows, out _),
            { Output: { } output } => new() { ["answer"] = HitTable.Plain(output, Rows) },
            _ => [],
        };
        if (answer.Text.Length > 0)
        {
            tree.Insert(0, "message", answer.Text);
        }

        var log = new GuardrailLog();
        var head = string.Create(CultureInfo.InvariantCulture, $"{tool.Name}: {EntryNames.Of(answer.Decision)}, receipt {answer.Intent}.");
        var withheld = new ResultText(_rails).Of(head, tree, log, out var text);
        return Answer(text, answer.Decision != Decision.Allow || withheld is not null, answer);
    }

    private static CallToolResult Error(string text, CallAnswer? answer) => Answer(text, isError: true, answer);

    private static CallToolResult Answer(string text, bool isError, CallAnswer? answer) => new()
    {
        Content = [new TextContentBlock { Text = text }],
        IsError = isError,
        Meta = answer is null ? null : new JsonObject
        {
            ["devops-agent/decision"] = answer.Waits ? "pending_approval" : EntryNames.Of(answer.Decision),
            ["devops-agent/reason"] = answer.Reason,
            ["devops-agent/receipt"] = answer.Intent,
        },
    };

    private static ModelContextProtocol.Protocol.Tool Describe(DevOpsAgent.Guards.Tool tool) => new()
    {
        Name = tool.Name,
        Description = tool.PersonOnly ? tool.Description + " (a person must do it: a call is recorded and waits)" : tool.Description,
        InputSchema = ToolDeck.Schema(tool.Schema),
        Annotations = new() { ReadOnlyHint = !tool.HasEffect, DestructiveHint = tool.HasEffect, OpenWorldHint = false, IdempotentHint = !tool.HasEffect },
    };
}
