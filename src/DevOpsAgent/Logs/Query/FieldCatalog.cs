namespace DevOpsAgent.Logs.Query;

/// <summary>The fields that can be asked for and their types, from a mapping or from _field_caps. Knows the right field for a wrong one.</summary>
internal sealed class FieldCatalog
{
    private static readonly HashSet<string> Built = new(StringComparer.Ordinal) { "_id", "_index", "_ignored", "_score", "_doc" };

    private readonly Dictionary<string, string> _types;

    /// <param name="types">Elasticsearch's type by full name: text, keyword, ip, date, long.</param>
    public FieldCatalog(IEnumerable<KeyValuePair<string, string>> types) => _types = new(types, StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Types => _types;

    /// <summary>The field of event time; null where no known one is mapped as a date.</summary>
    public string? TimeField => new[] { "@timestamp", "StartUTC", "time", "event.created" }.FirstOrDefault(f => _types.GetValueOrDefault(f) == "date");

    public bool IsKnown(string field) => Built.Contains(field) || _types.ContainsKey(field) || _types.Keys.Any(k => k.StartsWith(field + ".", StringComparison.Ordinal));

    public bool IsText(string field) => _types.GetValueOrDefault(field) == "text";

    public string? TypeOf(string field) => _types.GetValueOrDefault(field);

    /// <summary>A text field's twin that holds the value as a whole.</summary>
    public string? Exact(string field) => _types.FirstOrDefault(t => t.Value == "keyword" && (t.Key == $"{field}.keyword" || t.Key == $"{field}.raw" || field == $"{t.Key}.text")).Key;

    /// <summary>Fields that a misspelt or foreign name may have meant, nearest first; at most three.</summary>
    public IReadOnlyList<string> Near(string field)
    {
        var last = field[(field.LastIndexOf('.') + 1)..];
        var near = Spelling.Near(field, _types.Keys);
        if (near.Count > 0)
        {
            return near;
        }

        var meant = Meaning.GetValueOrDefault(last.ToLowerInvariant().Replace("_", "", StringComparison.Ordinal), []).Where(_types.ContainsKey);
        var alike = _types.Keys.Where(k => k.Contains(last, StringComparison.OrdinalIgnoreCase)).OrderBy(k => IsText(k)).ThenBy(static k => k.Length).ThenBy(static k => k, StringComparer.Ordinal);
        return [.. meant.Concat(alike).Distinct(StringComparer.Ordinal).Take(3)];
    }

    /// <summary>What models call fields, and what they are called in Traefik's log and in ECS.</summary>
    private static readonly Dictionary<string, string[]> Meaning = new(StringComparer.Ordinal)
    {
        ["ip"] = ["source.ip", "ClientHost.keyword"], ["clientip"] = ["source.ip", "ClientHost.keyword"], ["client"] = ["source.ip", "ClientHost.keyword"], ["remoteaddr"] = ["source.ip", "ClientHost.keyword"],
        ["status"] = ["http.response.status_code", "DownstreamStatus"], ["statuscode"] = ["http.response.status_code", "DownstreamStatus"], ["responsecode"] = ["http.response.status_code", "DownstreamStatus"],
        ["path"] = ["url.path", "RequestPath.keyword"], ["url"] = ["url.path", "url.original", "RequestPath.keyword"], ["uri"] = ["url.path", "RequestPath.keyword"], ["request"] = ["url.path", "RequestPath.keyword"],
        ["method"] = ["http.request.method", "RequestMethod.keyword"], ["verb"] = ["http.request.method", "RequestMethod.keyword"],
        ["useragent"] = ["user_agent.original", "request_User-Agent.keyword"], ["agent"] = ["user_agent.original", "request_User-Agent.keyword"],
        ["host"] = ["url.domain", "RequestHost.keyword"], ["domain"] = ["url.domain", "RequestHost.keyword"], ["time"] = ["@timestamp", "StartUTC"], ["timestamp"] = ["@timestamp", "StartUTC"], ["date"] = ["@timestamp", "StartUTC"],
        ["duration"] = ["event.duration", "Duration"], ["latency"] = ["event.duration", "Duration"], ["router"] = ["traefik.access.router_name", "RouterName.keyword"], ["bytes"] = ["http.response.body.bytes", "DownstreamContentSize"],
        ["size"] = ["http.response.body.bytes", "DownstreamContentSize"], ["user"] = ["user.name", "ClientUsername.keyword"], ["username"] = ["user.name", "ClientUsername.keyword"], ["referer"] = ["http.request.referrer", "request_Referer.keyword"],
    };
}
