using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Guards;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Tools;

/// <summary>One exchange with a model.</summary>
/// <param name="Run">Names the run, 16 hex.</param>
/// <param name="Prompt">What is sent, in one text.</param>
/// <param name="Guardrails">What they did to it.</param>
internal sealed record ModelRequest(string Run, int Turn, long? IncidentId, string Model, string Prompt, string Guardrails)
{
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public required ChatOptions Options { get; init; }

    public required TimeSpan TimeLimit { get; init; }

    /// <summary>Looks at what came before anybody sees it; counts it, and says it in a few words for the receipt.</summary>
    public required Func<ModelAnswer, (ModelAnswer Answer, string Text)> Judge { get; init; }

    /// <summary>SHA-256 of what is sent, 64 hex.</summary>
    public string PromptHash { get; } = Hash(Prompt);

    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}

/// <summary>
/// Asks the model. It is a tool like any other, so that what leaves the program is judged (rate, behaviour) before, and is in
/// the receipts after: the hash of what was sent, what came, tokens, cost, and what the guardrails did. No model can call it.
/// </summary>
/// <param name="client">Null: none is configured.</param>
internal sealed class AskModelTool(Func<IChatClient?> client, TimeProvider time) : Tool<ModelRequest>
{
    public const string ToolName = "ask_model";

    public override string Name => ToolName;

    public override string Description => "Sends a redacted conversation to the configured language model; for the program itself";

    public override ToolSchema Schema { get; } = new(
    [
        new("guardrails", FieldType.Text, "What the guardrails did to it") { MaxLength = 1_000 },
        new("incident", FieldType.Integer, "The incident that it is about") { Required = false, Min = 1 },
        new("model", FieldType.Text, "The model") { MaxLength = 200 },
        new("prompt_sha256", FieldType.Text, "Hash of what is sent") { MaxLength = 64 },
        new("run", FieldType.Text, "The run") { MaxLength = 16 },
        new("turn", FieldType.Integer, "The exchange within the run"),
    ]);

    public override bool HasEffect => false;

    public override void Write(ModelRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("guardrails", request.Guardrails);
        if (request.IncidentId is { } incident)
        {
            writer.WriteNumber("incident", incident);
        }

        writer.WriteString("model", request.Model);
        writer.WriteString("prompt_sha256", request.PromptHash);
        writer.WriteString("run", request.Run);
        writer.WriteNumber("turn", request.Turn);
        writer.WriteEndObject();
    }

    public override ModelRequest Bind(JsonElement parameters, Caller caller) => throw new InvalidOperationException("only the program itself asks the model");

    public override long? IncidentOf(ModelRequest request) => request.IncidentId;

    internal override async Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<ModelRequest>> permits, CancellationToken cancellationToken)
    {
        var results = new List<ToolResult>(permits.Count);
        foreach (var permit in permits)
        {
            results.Add(await AskAsync(permit.Take(), cancellationToken));
        }

        return results;
    }

    private async Task<ToolResult> AskAsync(ModelRequest request, CancellationToken cancellationToken)
    {
        var raw = client() is { } model
            ? await ModelCall.RunAsync(model, request.Messages, request.Options, request.TimeLimit, time, cancellationToken)
            : new() { End = AnswerEnd.Down, Problem = "No model is configured." };
        var (answer, text) = request.Judge(raw);
        return new(answer.End is AnswerEnd.Complete or AnswerEnd.Length, string.Create(CultureInfo.InvariantCulture, $"{answer.End.ToString().ToLowerInvariant()}: {text}")) { Value = answer };
    }
}
