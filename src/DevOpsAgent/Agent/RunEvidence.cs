using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.Addresses;
using DevOpsAgent.Agent.Results;

namespace DevOpsAgent.Agent;

/// <summary>A query of a run, by the name under which it can be cited.</summary>
/// <param name="Hits">Events that it counted.</param>
/// <param name="Clients">Those that its answer shows in a field of clients.</param>
/// <param name="Asked">Those that its filters name in a field of clients.</param>
internal sealed record CitedQuery(string Id, long Hits, IReadOnlySet<ClientAddress> Clients, IReadOnlySet<ClientAddress> Asked)
{
    /// <summary>True: it found something, of one of these clients.</summary>
    public bool Concerns(IReadOnlyList<ClientAddress> clients) => Hits > 0 && clients.Any(c => Clients.Contains(c) || Asked.Contains(c));
}

/// <summary>
/// What the model was shown, as code saw it: which queries there were and which clients they are about. Only a client's own
/// field counts: an address in a path or user agent is what an attacker wrote.
/// </summary>
internal sealed class RunEvidence
{
    private const int MaxAddresses = 10_000;

    private readonly List<CitedQuery> _queries = [];
    private readonly HashSet<ClientAddress> _seen = [];

    public IReadOnlyList<CitedQuery> Queries => _queries;

    public CitedQuery? Find(string id) => _queries.Find(q => q.Id == id);

    /// <summary>True: a client of this address, or in this range, was shown.</summary>
    public bool HasSeen(AddressRange range) => range.IsSingle ? _seen.Contains(range.Address) : _seen.Any(range.Contains);

    public void See(IEnumerable<ClientAddress> clients) => _seen.UnionWith(clients.Take(MaxAddresses - Math.Min(MaxAddresses, _seen.Count)));

    /// <summary>Takes the answer to a query.</summary>
    /// <param name="parameters">Of query_logs: "query" is the body of a _search.</param>
    /// <param name="tree">What the model is shown of the answer, before guardrails.</param>
    public CitedQuery Add(JsonElement parameters, JsonObject tree)
    {
        var (asked, aggregations) = Asked(parameters);
        var clients = new HashSet<ClientAddress>();
        var hits = tree["total"] is JsonValue total && total.TryGetValue<long>(out var count) ? count : 0;
        if (tree["hits"] is JsonObject table && table["columns"] is JsonArray columns && table["rows"] is JsonArray rows)
        {
            var at = columns.Select(static c => c!.GetValue<string>()).ToList().IndexOf(LogColumns.Names[(int)LogColumn.Client]);
            foreach (var row in rows.OfType<JsonArray>())
            {
                Take(row[at], clients);
            }

            hits = Math.Max(hits, rows.Count);
        }

        if (tree["aggregations"] is JsonObject answers)
        {
            Buckets(answers, aggregations, clients, 0);
        }

        See(clients);
        var query = new CitedQuery($"q{_queries.Count + 1}", hits, clients, asked);
        _queries.Add(query);
        return query;
    }

    private static (HashSet<ClientAddress> Asked, HashSet<string> Aggregations) Asked(JsonElement parameters)
    {
        var (asked, aggregations) = (new HashSet<ClientAddress>(), new HashSet<string>(StringComparer.Ordinal));
        try
        {
            if (parameters.TryGetProperty("query", out var text) && text.GetString() is { } body)
            {
                using var json = JsonDocument.Parse(body);
                if (json.RootElement.ValueKind == JsonValueKind.Object)
                {
                    if (json.RootElement.TryGetProperty("query", out var query))
                    {
                        Filters(query, asked, 0);
                    }

                    foreach (var name in (string[])["aggs", "aggregations"])
                    {
                        if (json.RootElement.TryGetProperty(name, out var aggs))
                        {
                            Aggregations(aggs, aggregations, 0);
                        }
                    }
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It was answered, so it is valid by the tool's own reader; what this one can't read proves nothing.
        }

        return (asked, aggregations);
    }

    /// <summary>Clients that every hit must be of: through bool's filter and must only, since should and must_not don't say so.</summary>
    private static void Filters(JsonElement query, HashSet<ClientAddress> asked, int depth)
    {
        if (depth > 10 || query.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var part in query.EnumerateObject())
        {
            switch (part.Name)
            {
                case "bool" when part.Value.ValueKind == JsonValueKind.Object:
                    foreach (var clause in part.Value.EnumerateObject().Where(static c => c.Name is "filter" or "must"))
                    {
                        foreach (var inner in clause.Value.ValueKind == JsonValueKind.Array ? clause.Value.EnumerateArray().ToList() : [clause.Value])
                        {
                            Filters(inner, asked, depth + 1);
                        }
                    }

                    break;
                case "term" or "match" when part.Value.ValueKind == JsonValueKind.Object:
                    foreach (var field in part.Value.EnumerateObject().Where(static f => LogColumns.IsClientField(f.Name)))
                    {
                        var value = field.Value.ValueKind == JsonValueKind.Object && (field.Value.TryGetProperty("value", out var v) || field.Value.TryGetProperty("query", out v)) ? v : field.Value;
                        if (value.ValueKind == JsonValueKind.String && ClientAddress.TryParse(value.GetString(), out var address))
                        {
                            asked.Add(address);
                        }
                    }

                    break;
            }
        }
    }

    /// <summary>Names of aggregations whose keys are clients.</summary>
    private static void Aggregations(JsonElement aggs, HashSet<string> names, int depth)
    {
        if (depth > 6 || aggs.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var named in aggs.EnumerateObject())
        {
            if (named.Value.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            foreach (var part in named.Value.EnumerateObject())
            {
                if (part.Name is "aggs" or "aggregations")
                {
                    Aggregations(part.Value, names, depth + 1);
                }
                else if (part.Name == "terms" && part.Value.ValueKind == JsonValueKind.Object && part.Value.TryGetProperty("field", out var field)
                    && field.ValueKind == JsonValueKind.String && LogColumns.IsClientField(field.GetString()!))
                {
                    names.Add(named.Name);
                }
            }
        }
    }

    private static void Buckets(JsonObject answers, HashSet<string> names, HashSet<ClientAddress> clients, int depth)
    {
        if (depth > 6)
        {
            return;
        }

        foreach (var (name, answer) in answers)
        {
            if (answer is not JsonObject map || map["buckets"] is not JsonArray buckets)
            {
                continue;
            }

            foreach (var bucket in buckets.OfType<JsonObject>())
            {
                if (names.Contains(name))
                {
                    Take(bucket["key"], clients);
                }

                Buckets(bucket, names, clients, depth + 1);
            }
        }
    }

    private static void Take(JsonNode? value, HashSet<ClientAddress> clients)
    {
        if (clients.Count < MaxAddresses && value is JsonValue scalar && scalar.TryGetValue<string>(out var text) && ClientAddress.TryParse(text, out var address))
        {
            clients.Add(address);
        }
    }
}
