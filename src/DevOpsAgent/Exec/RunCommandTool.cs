using System.Security.Cryptography;
using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.Exec.Acl;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Exec;

/// <summary>
/// Exec as a tool. A model names a command of the ACL and fills its templates: there is no parameter in which an argv, a
/// directory or standard input could be given. Code, as the service for other agents, gives a whole request; the guard
/// "exec_acl" judges both alike.
/// </summary>
/// <param name="agentId">The program's own id: the ACL's entries for it are what a model may name.</param>
internal sealed class RunCommandTool(ExecSessions sessions, string agentId, string machineId) : Tool<ExecRequest>
{
    public const string ToolName = "run_command";

    /// <summary>Kept of each stream for the caller; the rest is counted.</summary>
    private const int MaxCollected = 64 << 10;

    private const int MaxArguments = 64;
    private const int MaxArgument = 500;

    private readonly AclNames? _names = sessions.Policy is ExecPolicy.Enabled enabled ? new(enabled.Acl, agentId, machineId) : null;

    public override string Name => ToolName;

    public override string Description => _names?.All.Any() == true
        ? $"Runs a command that the exec ACL allows and returns its output. Commands: {string.Join("; ", _names.All.Select(static n => $"{n.Name} = {n.Match.Command}"))}"
        : "Runs a command that the exec ACL allows; it allows none here";

    public override ToolSchema Schema { get; } = new(
    [
        new("arguments", FieldType.TextList, "What to put for <INT> and <URL_PATH>, in their order") { Required = false, Max = MaxArguments, MaxLength = MaxArgument },
        new("command", FieldType.Text, "The command's name as listed in the description"),
        new("request_id", FieldType.Text, "Written by the program into the receipt; leave it out") { Required = false, MaxLength = 32 },
        new("stdin_sha256", FieldType.Text, "Written by the program into the receipt; leave it out") { Required = false, MaxLength = 64 },
        new("timeout", FieldType.Duration, "After it the command is ended; default is the longest that the ACL allows") { Required = false },
    ]);

    public override bool HasEffect => true;

    public override void Write(ExecRequest request, Utf8JsonWriter writer)
    {
        // Names and arguments by the sender's own entries: what another agent may run has other names than what we may.
        var acl = (sessions.Policy as ExecPolicy.Enabled)?.Acl;
        var match = acl?.Match(request.Sender.AgentId, request.Sender.MachineId, request.Argv);
        var name = match is null ? null : new AclNames(acl!, request.Sender.AgentId, request.Sender.MachineId).NameOf(match.Command);
        writer.WriteStartObject();
        writer.WriteStartArray("arguments");

        // What isn't allowed may be anything, a password too: the audit log keeps it redacted, the receipt doesn't keep it.
        foreach (var argument in match is null ? [] : AclNames.Arguments(match.Command, request.Argv))
        {
            writer.WriteStringValue(argument);
        }

        writer.WriteEndArray();
        writer.WriteString("command", Cut(name ?? "(not in the ACL)"));
        writer.WriteString("request_id", request.RequestId.ToString());
        if (!request.Stdin.IsEmpty)
        {
            writer.WriteString("stdin_sha256", Convert.ToHexStringLower(SHA256.HashData(request.Stdin.Span)));
        }

        if (request.Timeout > TimeSpan.Zero)
        {
            writer.WriteString("timeout", DurationText.Of(request.Timeout < DurationText.Longest ? request.Timeout : DurationText.Longest));
        }

        writer.WriteEndObject();
    }

    /// <exception cref="FormatException">No such command, or its templates are not filled as they ask.</exception>
    public override ExecRequest Bind(JsonElement parameters, Caller caller)
    {
        if (parameters.TryGetProperty("request_id", out _) || parameters.TryGetProperty("stdin_sha256", out _))
        {
            throw new FormatException("'request_id' and 'stdin_sha256' are written by the program; leave them out.");
        }

        string[] arguments = parameters.TryGetProperty("arguments", out var list) ? [.. list.EnumerateArray().Select(static a => a.GetString()!)] : [];
        string[] argv = [];
        var error = "Exec is disabled";
        if (_names?.TryFill(parameters.GetProperty("command").GetString()!, arguments, out argv, out error) != true)
        {
            throw new FormatException(error);
        }

        return new()
        {
            RequestId = ExecRequestId.New(),
            Sender = new(agentId, machineId, SenderStanding.Trusted),
            Argv = argv,
            Timeout = parameters.TryGetProperty("timeout", out var timeout) && DurationText.TryParse(timeout.GetString(), out var span) ? span : TimeSpan.Zero,
        };
    }

    internal override async Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<ExecRequest>> permits, CancellationToken cancellationToken) =>
        await Task.WhenAll(permits.Select(permit => RunAsync(ApprovedCommand.From(permit), cancellationToken)));

    private async Task<ToolResult> RunAsync(ApprovedCommand command, CancellationToken cancellationToken)
    {
        var start = await sessions.StartAsync(command, cancellationToken);
        if (start is ExecStart.Denied { Refusal: var refusal })
        {
            return new(false, $"Not run ({refusal.Reason.Wire()}): {refusal.Text}") { Value = refusal };
        }

        var session = ((ExecStart.Running)start).Session;
        var collected = new CollectedOutput(MaxCollected);
        await using (cancellationToken.Register(() => session.End(ExecCause.Cancelled)))
        {
            if (command.Request.OnStarted is null)
            {
                await foreach (var e in session.Events.ReadAllAsync(CancellationToken.None))
                {
                    collected.Add(e);
                }
            }

            var exit = await session.Completion;
            return new(exit is { Code: 0, Cause: null }, Text(exit), collected.ToJson(command.Request.RequestId, exit));
        }
    }

    private static string Text(ExecExit exit)
    {
        var how = exit.Code is { } code ? $"ended with code {code}" : exit.Signal is { } signal ? $"was ended by signal {signal}" : "ended, how is not known";
        return $"The command {how} after {exit.Duration.TotalSeconds:0.0} s{(exit.Cause is { } cause ? $" ({cause.Wire()})" : "")}{(exit.Truncated ? "; output is missing" : "")}.";
    }

    private static string Cut(string text) => text.Length <= MaxArgument ? text : text[..MaxArgument];
}
