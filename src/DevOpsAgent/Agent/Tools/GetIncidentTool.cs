using System.Buffers;
using System.Text.Json;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Agent.Tools;

internal sealed record IncidentQuestion(long Id);

/// <summary>One incident with its evidence. Only reads.</summary>
/// <param name="find">The stored incident; null: there is none.</param>
internal sealed class GetIncidentTool(Func<long, Incident?> find) : Tool<IncidentQuestion>
{
    private const int Clients = 50;

    public override string Name => "get_incident";

    public override string Description => "Gives one incident: client, rules that fired with their counts, top paths and user agents, sample lines; reads only";

    public override ToolSchema Schema { get; } = new([new("incident", FieldType.Integer, "The incident's number") { Min = 1 }]);

    public override bool HasEffect => false;

    public override void Write(IncidentQuestion request, Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("incident", request.Id);
        writer.WriteEndObject();
    }

    public override IncidentQuestion Bind(JsonElement parameters, Caller caller) => new(parameters.GetProperty("incident").GetInt64());

    public override long? IncidentOf(IncidentQuestion request) => request.Id;

    internal override Task<IReadOnlyList<ToolResult>> RunAsync(IReadOnlyList<Permit<IncidentQuestion>> permits, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ToolResult>>([.. permits.Select(p => Answer(p.Take().Id))]);

    private ToolResult Answer(long id) => find(id) is { } incident
        ? new(true, $"Incident {id}, {Word(incident.Status)}.", Json(incident)) { Value = incident }
        : new(false, $"There is no incident {id}.");

    /// <summary>What a model is told of an incident: counts by code, texts from the log.</summary>
    public static JsonElement Json(Incident incident)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            var evidence = incident.Evidence;
            writer.WriteStartObject();
            writer.WriteNumber("incident", incident.Id);
            writer.WriteStartArray("clients");
            foreach (var client in incident.Clients.Take(Clients))
            {
                writer.WriteStringValue(client.ToString());
            }

            writer.WriteEndArray();
            writer.WriteNumber("clients_left_out", Math.Max(0, incident.Clients.Count - Clients));
            writer.WriteString("threat", incident.Threat);
            writer.WriteString("severity", Word(incident.Severity));
            writer.WriteString("status", Word(incident.Status));
            writer.WriteString("recommended", incident.Recommendation is { } r ? Word(r.Action) : "none");
            writer.WriteString("first_seen", evidence.FirstSeen);
            writer.WriteString("last_seen", evidence.LastSeen);
            writer.WriteNumber("requests", evidence.Requests);
            writer.WriteNumber("suspicious_requests", evidence.Matched);
            writer.WriteNumber("distinct_paths", evidence.DistinctPaths);
            writer.WriteBoolean("forgeable", evidence.Forgeable);
            writer.WriteStartArray("rules");
            foreach (var rule in evidence.Rules)
            {
                Rule(writer, rule);
            }

            writer.WriteEndArray();
            Top(writer, "paths", evidence.Paths);
            Top(writer, "agents", evidence.Agents);
            Top(writer, "statuses", evidence.Statuses);
            Top(writer, "hosts", evidence.Hosts);
            writer.WriteStartArray("samples");
            foreach (var sample in evidence.Samples)
            {
                writer.WriteStringValue(sample);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return JsonElement.ParseValue(ref reader);
    }

    private static void Rule(Utf8JsonWriter writer, RuleCount rule)
    {
        writer.WriteStartObject();
        writer.WriteString("rule", rule.RuleId);
        writer.WriteBoolean("fired", rule.Fired);
        writer.WriteStartArray("conditions");
        foreach (var condition in rule.Conditions)
        {
            writer.WriteStartObject();
            writer.WriteString("what", condition.What);
            writer.WriteNumber("counted", Math.Round(condition.Value, 3));
            writer.WriteNumber("at_least", Math.Round(condition.AtLeast, 3));
            writer.WriteNumber("within_seconds", condition.Within.TotalSeconds);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Top(Utf8JsonWriter writer, string name, IReadOnlyList<TopItem> items)
    {
        writer.WriteStartArray(name);
        foreach (var item in items)
        {
            writer.WriteStartObject();
            writer.WriteString("value", item.Value);
            writer.WriteNumber("count", item.Count);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
