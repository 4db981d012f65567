using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>Incidents as detection would store them, with evidence that fits together.</summary>
internal static class Seed
{
    public const string Agent2K = "Mozilla/5.0 (compatible; ";
    public const string Markup = "<script>window.hacked=1</script><img src=x onerror=\"window.hacked=1\">";
    public const string Bidi = "/invoice\u202Egnp.exe\u200B\u0007";

    private static readonly (string Path, long Count, int Status)[] s_secrets =
        [("/.env", 9, 404), ("/.git/config", 8, 404), ("/wp-config.php", 7, 404), ("/.aws/credentials", 6, 404), ("/config.json", 5, 404), ("/api/v1/secrets", 5, 401), ("/backup.sql", 4, 404), ("/.ssh/id_rsa", 4, 404)];

    public static IReadOnlyList<Incident> Night(DateTimeOffset now, Func<IReadOnlyList<AddressRange>, Recommendation> plan) =>
    [
        Of(now, "203.0.113.7", "secrets-scan", Severity.High, 2, 142, 61, "Asked for 61 secret files in 48 s, got 404 each time; never loaded a page, style or image.", plan),
        Of(now, "203.0.113.7", "directory-scan", Severity.Medium, 3, 142, 88, "Asked for 88 paths that do not exist, in order of a word list.", plan),
        Campaign(now, plan),
        Of(now, "198.51.100.4", "credential-stuffing", Severity.Medium, 62, 240, 1, "240 failed logins on /wp-login.php with 1 answer in 302, in 20 min.", plan),
        Of(now, "192.0.2.81", "vulnerability-scan", Severity.Critical, 5, 390, 120, "Tried 12 path traversals and 31 injections; 3 were answered 500.", plan),
        Of(now, "2001:db8:4860::8888", "secrets-scan", Severity.High, 14, 33, 14, "Asked for 14 secret files in 6 h, one every 26 min.", plan),
        Hostile(now, plan),
        Of(now, "203.0.113.90", "directory-scan", Severity.Low, 45, 60, 12, "60 requests for 12 missing pictures: probably a broken page.", null),
        Of(now, "203.0.113.91", "directory-scan", Severity.Low, 95, 44, 9, "44 requests for 9 missing pages.", null),
    ];

    public static IEnumerable<Incident> Many(int count, DateTimeOffset now, Func<IReadOnlyList<AddressRange>, Recommendation> plan) => Enumerable.Range(0, count).Select(i =>
        Of(now, $"198.18.{i / 250}.{i % 250 + 1}", i % 3 == 0 ? "secrets-scan" : i % 3 == 1 ? "directory-scan" : "vulnerability-scan", i % 5 == 0 ? Severity.High : Severity.Medium, i, 50 + i % 200, 10 + i % 50, $"Asked for {10 + i % 50} secret files in {20 + i % 300} s, got 404 each time.", plan));

    public static IReadOnlyList<Incident> Store(IStore store, IEnumerable<Incident> incidents, DateTimeOffset now) => store.Commit(new()
    {
        Incidents = [.. incidents.Select(i => new IncidentChange(i, new() { IncidentId = 0, From = null, To = i.Status, At = now, By = "rule", Origin = "service" }))],
    });

    public static Incident Of(DateTimeOffset now, string client, string threat, Severity severity, int minutesAgo, long requests, int paths, string summary, Func<IReadOnlyList<AddressRange>, Recommendation>? plan)
    {
        var address = ClientAddress.Parse(client);
        var last = now.AddMinutes(-minutesAgo);
        var recommendation = plan?.Invoke([AddressRange.Single(address)]);
        return new()
        {
            Subject = client,
            Clients = [address],
            Threat = threat,
            Severity = severity,
            Status = recommendation is null ? IncidentStatus.Open : IncidentStatus.Recommended,
            DetectedAt = last.AddSeconds(-40),
            UpdatedAt = last,
            Summary = summary,
            Evidence = Evidence(client, last, requests, paths),
            Recommendation = recommendation is null ? null : recommendation with { Why = summary },
        };
    }

    private static Incident Campaign(DateTimeOffset now, Func<IReadOnlyList<AddressRange>, Recommendation> plan)
    {
        var clients = Enumerable.Range(20, 20).Select(i => ClientAddress.Parse($"198.51.100.{i}")).ToList();
        return Of(now, "198.51.100.20", "secrets-scan", Severity.High, 9, 60, 60, "20 addresses asked for 60 secret files together, each for 3 of one list.", plan) with
        {
            Subject = "campaign-4f1c0a9be2d7",
            IsCampaign = true,
            Clients = clients,
            Recommendation = plan([.. clients.Select(AddressRange.Single)]) with { Held = "20 addresses at once are more than mode auto blocks by itself." },
        };
    }

    private static Incident Hostile(DateTimeOffset now, Func<IReadOnlyList<AddressRange>, Recommendation> plan)
    {
        var incident = Of(now, "192.0.2.66", "secrets-scan", Severity.High, 7, 21, 12, "Asked for " + Markup + " and " + Bidi, plan);
        return incident with
        {
            Evidence = incident.Evidence with
            {
                Forgeable = true,
                SuspectLines = 2,
                Paths = [new("/" + Markup, 9, 404), new(Bidi, 7, 404), new("/\u0000\u001b[31mred", 5, 400)],
                Agents = [new(Agent2K + new string('A', 2048 - Agent2K.Length), 12), new(Markup, 9), new("", 3)],
                Hosts = [new("\"><svg onload=window.hacked=1>", 21)],
                Samples = ["192.0.2.66 - " + Markup + " [21/Nov/2026:02:11:09 +0000] \"GET " + Bidi + " HTTP/1.1\" 404 19 \"-\" \"" + new string('A', 1500) + "\" 7 \"web\" \"-\" 0ms"],
            },
        };
    }

    private static Evidence Evidence(string client, DateTimeOffset last, long requests, int paths) => new()
    {
        FirstSeen = last.AddSeconds(-48),
        LastSeen = last,
        Requests = requests,
        Matched = Math.Max(paths, requests * 3 / 4),
        DistinctPaths = paths,
        Rules =
        [
            new() { RuleId = "secret-files", Title = "Several secret files asked for", Fired = true, FiredAt = last.AddSeconds(-40), FiredAtRequest = 6, Conditions = [new("distinct_paths", paths, 5, TimeSpan.FromMinutes(10)), new("ratio", 0.97, 0.5, TimeSpan.FromMinutes(10))] },
            new() { RuleId = "secret-files-slow", Title = "Secret files asked for over hours", Fired = false, Conditions = [new("distinct_paths", 4, 10, TimeSpan.FromHours(24))] },
        ],
        Paths = [.. s_secrets.Select(static p => new TopItem(p.Path, p.Count, p.Status))],
        Agents = [new("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36", requests * 2 / 3), new("python-requests/2.31.0", requests / 3)],
        Statuses = [new("404", requests * 9 / 10), new("401", requests / 10)],
        Hosts = [new("shop.example.org", requests * 2 / 3), new("203.0.113.200", requests / 3)],
        EntryPoints = [new("websecure", requests)],
        Samples = [.. s_secrets.Take(4).Select((p, i) => $"{{\"ClientAddr\":\"{client}:51{i}04\",\"ClientHost\":\"{client}\",\"DownstreamStatus\":{p.Status},\"RequestMethod\":\"GET\",\"RequestPath\":\"{p.Path}\",\"request_User-Agent\":\"python-requests/2.31.0\",\"time\":\"{last.AddSeconds(i - 48):yyyy-MM-ddTHH:mm:ssZ}\"}}")],
        Chart = new()
        {
            Start = last.AddSeconds(-48),
            BucketSeconds = 2,
            Ok = [.. Enumerable.Range(0, 24).Select(static i => i % 11 == 0 ? 1 : 0)],
            Refused = [.. Enumerable.Range(0, 24).Select(i => 2 + i * 7 % 9 + (i is > 8 and < 16 ? 6 : 0))],
            Failed = [.. Enumerable.Range(0, 24).Select(static i => i % 7 == 3 ? 2 : 0)],
        },
    };
}
