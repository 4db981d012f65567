using System.Globalization;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Agent;

/// <summary>The queries of the steps that code does itself: 1 the refused requests, 2 who else and what exactly, 4 how many in which time.</summary>
internal sealed class StepQueries(Incident incident, LogFields fields)
{
    private const int Clients = 50;
    private const int MostBuckets = 48;

    /// <summary>One query looks at a day at most; of a longer incident, its last day.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(23);

    private static readonly (string Name, TimeSpan Length)[] Intervals =
    [
        ("1m", TimeSpan.FromMinutes(1)), ("5m", TimeSpan.FromMinutes(5)), ("10m", TimeSpan.FromMinutes(10)), ("30m", TimeSpan.FromMinutes(30)),
    ];

    private DateTimeOffset End => incident.Evidence.LastSeen + TimeSpan.FromMinutes(1);

    private DateTimeOffset Start => incident.Evidence.FirstSeen - TimeSpan.FromMinutes(1) is var start && End - start > Longest ? End - Longest : start;

    /// <summary>Length of one bucket of <see cref="Rates"/>.</summary>
    public string Interval => Intervals.Where(i => (End - Start) / i.Length <= MostBuckets).Select(static i => i.Name).FirstOrDefault("30m");

    /// <summary>Step 1: the client's requests that were refused, in order.</summary>
    public string Initial() => new JsonObject
    {
        ["size"] = 20,
        ["query"] = Bool(Client(), Window(), Refused()),
        ["sort"] = new JsonArray(new JsonObject { [fields.Time] = "asc" }),
    }.ToJsonString();

    /// <summary>Step 2: what exactly the client asked for.</summary>
    public string Patterns()
    {
        var aggregations = new JsonObject { ["statuses"] = Terms(fields.Status, 10) };
        if (fields.Path is { } path)
        {
            aggregations["paths"] = Terms(path, 20);
        }

        if (fields.UserAgent is { } agent)
        {
            aggregations["agents"] = Terms(agent, 10);
        }

        return new JsonObject { ["size"] = 0, ["query"] = Bool(Client(), Window()), ["aggs"] = aggregations }.ToJsonString();
    }

    /// <summary>Step 2: who else was refused in the same time.</summary>
    public string Sources() => new JsonObject
    {
        ["size"] = 0,
        ["query"] = Bool(Window(), Refused()),
        ["aggs"] = new JsonObject { ["clients"] = Terms(fields.Client, 10) },
    }.ToJsonString();

    /// <summary>Step 4: requests over time.</summary>
    public string Rates() => new JsonObject
    {
        ["size"] = 0,
        ["query"] = Bool(Client(), Window()),
        ["aggs"] = new JsonObject
        {
            ["over_time"] = new JsonObject { ["date_histogram"] = new JsonObject { ["field"] = fields.Time, ["fixed_interval"] = Interval } },
        },
    }.ToJsonString();

    /// <summary>What the answer to <see cref="Rates"/> says, counted by code.</summary>
    public string RateText(JsonNode tree)
    {
        if ((tree as JsonObject)?["aggregations"]?["over_time"]?["buckets"] is not JsonArray buckets)
        {
            return "The rates could not be counted.";
        }

        var counts = buckets.OfType<JsonObject>().Select(static b => b["doc_count"] is JsonValue v && v.TryGetValue<long>(out var n) ? n : 0).Where(static n => n > 0).ToList();
        return counts.Count == 0
            ? "No request of the client stands in the logs that can be searched."
            : string.Create(CultureInfo.InvariantCulture, $"At most {counts.Max()} requests in {Interval}, {counts.Average():0.#} on average over the {counts.Count} intervals of {Interval} with any.");
    }

    private JsonObject Client() => incident.Clients.Count == 1
        ? new() { ["term"] = new JsonObject { [fields.Client] = Text(incident.Clients[0]) } }
        : new() { ["terms"] = new JsonObject { [fields.Client] = new JsonArray([.. incident.Clients.Take(Clients).Select(static c => (JsonNode)Text(c))]) } };

    private JsonObject Window() => new() { ["range"] = new JsonObject { [fields.Time] = new JsonObject { ["gte"] = At(Start), ["lte"] = At(End) } } };

    private JsonObject Refused() => new() { ["terms"] = new JsonObject { [fields.Status] = new JsonArray(401, 403, 404) } };

    private static JsonObject Bool(params ReadOnlySpan<JsonObject> filters)
    {
        var list = new JsonArray();
        foreach (var filter in filters)
        {
            list.Add((JsonNode)filter);
        }

        return new() { ["bool"] = new JsonObject { ["filter"] = list } };
    }

    private static JsonObject Terms(string field, int size) => new() { ["terms"] = new JsonObject { ["field"] = field, ["size"] = size } };

    private static string Text(ClientAddress address) => address.ToString();

    private static string At(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
