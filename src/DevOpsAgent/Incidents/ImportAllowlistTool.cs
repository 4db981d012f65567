using System.Text.Json;
using DevOpsAgent.Guards;

namespace DevOpsAgent.Incidents;

/// <summary>Adds the entries of a CSV text. The text is hashed into the receipt, not copied: it may be megabytes.</summary>
internal sealed class ImportAllowlistTool(AllowlistDesk desk) : Tool<AllowImportRequest>
{
    private const int MaxCharacters = 16 << 20;

    public override string Name => "import_allowlist";

    public override string Description => "Puts the entries of a CSV text on the allowlist";

    public override ToolSchema Schema { get; } = new(
    [
        new("csv", FieldType.Text, "Rows of ip_or_cidr,description,created_at,expires_at") { Secret = true, MaxLength = MaxCharacters },
        new("force", FieldType.Boolean, "Also accept a range of every address") { Required = false },
        new("partial", FieldType.Boolean, "Take the good rows although others are wrong") { Required = false },
    ]);

    public override bool HasEffect => true;

    public override bool PersonOnly => true;

    public override void Write(AllowImportRequest request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("csv", request.Csv);
        writer.WriteBoolean("force", request.Force);
        writer.WriteBoolean("partial", request.Partial);
        writer.WriteEndObject();
    }

    public override AllowImportRequest Bind(JsonElement parameters, Caller caller) => new(
        parameters.GetProperty("csv").GetString()!,
        parameters.TryGetProperty("partial", out var partial) && partial.GetBoolean(),
        parameters.TryGetProperty("force", out var force) && force.GetBoolean());

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<AllowImportRequest>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(desk.Import).Select(Result)]);

    private static ToolResult Result(AllowlistImport import) => new(
        import.Problems.Count == 0 || import.Added + import.Changed + import.AlreadyThere > 0,
        $"{import.Added} added, {import.Changed} changed, {import.AlreadyThere} already there, {import.Problems.Count} wrong.") { Value = import };
}
