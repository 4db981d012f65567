using System.Text.Json;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.Service;
using DevOpsAgent.Store;
using DevOpsAgent.Store.Sqlite;
using DevOpsAgent.Tests.Incidents;
using DevOpsAgent.Tests.RuntimeGuard.Alerts;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Tests.Store;

/// <summary>Names that stand in databases out there. They may only be appended to.</summary>
public sealed class FrozenNamesTests
{
    [Fact]
    public void Stored_enum_names()
    {
        Names<IncidentStatus>().ShouldBe(["open", "recommended", "approved", "blocked", "rejected", "allowed", "expired", "failed"]);
        Names<BlockStatus>().ShouldBe(["pending", "active", "unconfirmed", "expired", "lifted", "failed"]);
        Names<Severity>().ShouldBe(["low", "medium", "high", "critical"]);
        Names<Mode>().ShouldBe(["disabled", "review", "auto"]);
    }

    [Theory]
    [InlineData("allowlist_ips", "id,ip_or_cidr,description,created_at,expires_at")]
    [InlineData("incidents", "id,ip_address,threat_type,severity,detected_at,status")]
    [InlineData("actions", "id,incident_id,action_type,mode,applied_at,approved_by")]
    public void Tables_and_columns_that_others_query(string table, string columns)
    {
        using var directory = new TemporaryDirectory();
        using var store = new SqliteStore(directory.File("agent.db"));
        using var connection = new SqliteConnection($"Data Source={directory.File("agent.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT name FROM pragma_table_info('{table}')";
        using var reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read())
        {
            found.Add(reader.GetString(0));
        }

        columns.Split(',').ShouldBeSubsetOf(found, StringComparer.Ordinal);
    }

    [Fact]
    public void Stored_json()
    {
        JsonSerializer.Serialize(Sample.Recommendation("203.0.113.7"), StoreJson.Default.Recommendation).ShouldBe(
            """
            {"action":"Block","ranges":["203.0.113.7/32"],"why":"Asked for 61 secret files.","where":"Traefik file /etc/traefik/dynamic/devops-agent.yaml at web","ttl":"04:00:00","proposed_by":"rule secret-files","change":"\u002B 203.0.113.7","held":null}
            """);
        using var evidence = JsonDocument.Parse(JsonSerializer.Serialize(Sample.Evidence(), StoreJson.Default.Evidence));
        evidence.RootElement.EnumerateObject().Select(static p => p.Name).ShouldBe(
        [
            "first_seen", "last_seen", "requests", "matched", "distinct_paths", "rules", "paths", "agents", "statuses", "hosts", "routers", "entry_points", "samples", "chart",
            "forgeable", "suspect_lines", "forwarded_lines",
        ]);
        evidence.RootElement.GetProperty("chart").EnumerateObject().Select(static p => p.Name).ShouldBe(["start", "bucket_seconds", "ok", "refused", "failed"]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"first_seen":"2026-01-01T00:00:00+00:00","chart":{},"unknown_to_this_version":1}""")]
    public void Stored_evidence_of_an_earlier_version_has_no_holes(string json)
    {
        var evidence = StoredEvidence.Read(json);
        evidence.Chart.BucketSeconds.ShouldBe(5);
        foreach (var part in new object[] { evidence, evidence.Chart })
        {
            // Of a client there is no process.
            part.GetType().GetProperties().Where(static p => p.Name != "Process").ShouldAllBe(p => p.GetValue(part) != null);
        }
    }

    [Fact]
    public void Stored_evidence_of_the_runtime_guard()
    {
        var evidence = ViolationMerge.Into(null, [Violations.Alert() with { Tree = [new(1, 0, "/sbin/init", 0, ProcessRole.Ancestor)], Responses = [new("kill_process", true, "killed", 1)] }]);
        using var json = JsonDocument.Parse(StoredEvidence.Write(evidence));
        var process = json.RootElement.GetProperty("process");
        process.EnumerateObject().Select(static p => p.Name).ShouldBe(["process", "mode", "backend", "violations", "others", "tree", "acts"]);
        process.GetProperty("violations")[0].EnumerateObject().Select(static p => p.Name).ShouldBe(["detail", "rule", "line", "severity", "action", "method", "pid", "count", "first_seen", "last_seen"]);
        process.GetProperty("tree")[0].EnumerateObject().Select(static p => p.Name).ShouldBe(["pid", "parent_pid", "exe", "uid", "role"]);
        process.GetProperty("acts")[0].EnumerateObject().Select(static p => p.Name).ShouldBe(["at", "action", "done", "text", "receipt"]);
        var bare = StoredEvidence.Read("""{"process":{}}""").Process.ShouldNotBeNull();
        bare.GetType().GetProperties().ShouldAllBe(p => p.GetValue(bare) != null);
    }

    private static IEnumerable<string> Names<T>() where T : struct, Enum => Enum.GetValues<T>().Select(SqliteValues.Of);
}
