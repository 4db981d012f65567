using DevOpsAgent.Logs.Sources;
using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DevOpsAgent.App.Web;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>The API over HTTP: shapes, limits, and what it answers to wrong input.</summary>
public sealed class ApiTests : IAsyncLifetime
{
    private WebRig _rig = null!;
    private HttpClient _http = null!;
    private IReadOnlyList<Incident> _night = [];

    public async ValueTask InitializeAsync()
    {
        _rig = await WebRig.StartAsync();
        _http = new() { BaseAddress = _rig.Address };
        _http.DefaultRequestHeaders.Add(RequestGuard.WriteHeader, "1");
        _night = _rig.SeedNight();
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _rig.DisposeAsync();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Listing_filters_sorts_pages_and_counts_what_severity_hides()
    {
        var page = await Get("/api/incidents?severity=medium&status=open,recommended&limit=3");
        page.GetProperty("total").GetInt32().ShouldBe(7);
        page.GetProperty("hidden_low").GetInt32().ShouldBe(2);
        page.GetProperty("items").GetArrayLength().ShouldBe(3);
        page.GetProperty("items")[0].GetProperty("severity").GetString().ShouldBe("critical");
        (await Get("/api/incidents?client=198.51.100.25")).GetProperty("items")[0].GetProperty("is_campaign").GetBoolean().ShouldBeTrue();
        (await Get("/api/incidents?q=wp-login")).GetProperty("total").GetInt32().ShouldBe(1);
        (await Get("/api/incidents?threat=directory-scan&severity=medium")).GetProperty("total").GetInt32().ShouldBe(1);
        (await Get("/api/incidents?sort=newest&limit=1&offset=8")).GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("/api/incidents?limit=0", "limit")]
    [InlineData("/api/incidents?limit=501", "limit")]
    [InlineData("/api/incidents?limit=1e3", "limit")]
    [InlineData("/api/incidents?offset=-1", "offset")]
    [InlineData("/api/incidents?offset=99999999999", "offset")]
    [InlineData("/api/incidents?status=open,gone", "status")]
    [InlineData("/api/incidents?severity=High", "severity")]
    [InlineData("/api/incidents?sort=random", "sort")]
    [InlineData("/api/incidents?client=1.2.3", "client")]
    [InlineData("/api/incidents?limit=5&limit=6", "limit")]
    [InlineData("/api/incidents?q=a%00b", "q")]
    [InlineData("/api/incidents/-1", "id")]
    [InlineData("/api/incidents/99999999999999999999", "id")]
    [InlineData("/api/blocks?live=maybe", "live")]
    [InlineData("/api/allowlist/check?ip=10.0.0.1%2F8", "ip")]
    [InlineData("/api/allowlist/check", "ip")]
    public async Task A_bad_value_names_its_field(string path, string field)
    {
        using var response = await _http.GetAsync(path, Token);
        await ShouldBeProblem(response, HttpStatusCode.BadRequest, field);
    }

    [Theory]
    [InlineData("POST", "/api/blocks", """{"range":"not an address","reason":"x"}""", 400, "range")]
    [InlineData("POST", "/api/blocks", """{"range":"203.0.113.9","reason":"x","ttl_seconds":-5}""", 400, "ttl_seconds")]
    [InlineData("POST", "/api/blocks", """{"range":"203.0.113.9","reason":"x","ttl_seconds":99999999}""", 400, "ttl_seconds")]
    [InlineData("POST", "/api/blocks", """{"range":"203.0.113.9"}""", 400, "reason")]
    [InlineData("POST", "/api/blocks", """{"range":"203.0.113.9","reason":"x","by":"auto"}""", 400, "by")]
    [InlineData("POST", "/api/blocks", """{"range":"127.0.0.1","reason":"x"}""", 422, null)]
    [InlineData("POST", "/api/blocks", """{"range":"203.0.0.0/8","reason":"x"}""", 422, null)]
    [InlineData("POST", "/api/allowlist", """{"ip_or_cidr":"0.0.0.0/0"}""", 400, "ip_or_cidr")]
    [InlineData("POST", "/api/allowlist", """{"ip_or_cidr":"203.0.113.1","expires_at":"2020-01-01T00:00:00Z"}""", 400, "expires_at")]
    [InlineData("POST", "/api/allowlist", """{"ip_or_cidr":"203.0.113.1","description":"a\nb"}""", 400, "description")]
    [InlineData("PUT", "/api/mode", """{"mode":"yolo"}""", 400, "mode")]
    [InlineData("PUT", "/api/mode", "{", 400, "body")]
    [InlineData("PUT", "/api/mode", """{"mode":7}""", 400, "mode")]
    [InlineData("POST", "/api/incidents/bulk", """{"ids":[],"action":"approve"}""", 400, "ids")]
    [InlineData("POST", "/api/incidents/bulk", """{"ids":[1],"action":"delete"}""", 400, "action")]
    [InlineData("POST", "/api/incidents/1/approve", """{"by":"a\u001b[2Jb"}""", 400, "by")]
    [InlineData("POST", "/api/incidents/4711/approve", "", 404, null)]
    [InlineData("DELETE", "/api/blocks/4711", "", 404, null)]
    [InlineData("DELETE", "/api/allowlist/4711", "", 404, null)]
    [InlineData("PUT", "/api/allowlist/4711", """{"ip_or_cidr":"203.0.113.1"}""", 404, null)]
    [InlineData("GET", "/api/nothing", "", 404, null)]
    [InlineData("DELETE", "/api/incidents", "", 405, null)]
    public async Task A_wrong_request_gets_a_problem_and_changes_nothing(string method, string path, string body, int status, string? field)
    {
        var before = Statuses();
        using var response = await Send(method, path, body);
        await ShouldBeProblem(response, (HttpStatusCode)status, field);
        _rig.Store.GetLiveBlocks().ShouldBeEmpty();
        _rig.Store.GetAllowlist().ShouldBeEmpty();

        // What was refused leaves a receipt and nothing else.
        _rig.Store.GetActions(null, openOnly: false, 10).ShouldBeEmpty();
        Statuses().ShouldBe(before);
        IEnumerable<(long, long)> Statuses() => [.. _rig.Store.ListIncidents(new() { Limit = 500 }).Items.Select(static i => (i.Id, i.Version))];
    }

    [Fact]
    public async Task Too_large_or_too_deep_a_body_is_refused()
    {
        using var large = await Send("POST", "/api/incidents/1/approve", "{\"note\":\"" + new string('a', 70_000) + "\"}");
        await ShouldBeProblem(large, HttpStatusCode.RequestEntityTooLarge, null);
        using var deep = await Send("POST", "/api/incidents/1/approve", string.Concat(Enumerable.Repeat("{\"by\":", 200)) + "1" + new string('}', 200));
        await ShouldBeProblem(deep, HttpStatusCode.BadRequest, "by");
    }

    [Fact]
    public async Task Approve_is_idempotent_reject_after_it_conflicts_and_undo_takes_it_back()
    {
        var id = _night[0].Id;
        var first = await Body(await Send("POST", $"/api/incidents/{id}/approve", """{"by":"alice"}"""));
        first.GetProperty("result").GetString().ShouldBe("done");
        (await Body(await Send("POST", $"/api/incidents/{id}/approve", ""))).GetProperty("result").GetString().ShouldBe("already");
        await ShouldBeProblem(await Send("POST", $"/api/incidents/{id}/reject", ""), HttpStatusCode.Conflict, null);
        await _rig.ApplyApprovalsAsync();
        File.ReadAllText(_rig.DenyFile).ShouldContain("203.0.113.7");
        var detail = await Get($"/api/incidents/{id}");
        detail.GetProperty("incident").GetProperty("status").GetString().ShouldBe("blocked");
        detail.GetProperty("history").EnumerateArray().ShouldContain(h => h.GetProperty("by").GetString() == "alice" && h.GetProperty("origin").GetString() == "web 127.0.0.1");
        (await Body(await Send("POST", $"/api/incidents/{id}/undo", ""))).GetProperty("incident").GetProperty("incident").GetProperty("status").GetString().ShouldBe("recommended");
        _rig.Store.GetLiveBlocks().ShouldBeEmpty();
    }

    [Fact]
    public async Task The_note_of_an_approval_stands_in_the_history()
    {
        var id = _night[0].Id;
        await Send("POST", $"/api/incidents/{id}/approve", """{"by":"alice","note":"seen in three shops"}""");
        await Send("POST", "/api/incidents/bulk", JsonSerializer.Serialize(new { ids = (long[])[_night[4].Id], action = "approve", note = "all of them" }));
        (await LastNote(id)).ShouldBe("seen in three shops");
        (await LastNote(_night[4].Id)).ShouldBe("all of them");

        async Task<string?> LastNote(long incident) => (await Get($"/api/incidents/{incident}")).GetProperty("history").EnumerateArray().Last().GetProperty("note").GetString();
    }

    [Fact]
    public async Task What_became_another_recommendation_after_it_was_shown_is_a_conflict_that_says_what_changed()
    {
        var campaign = _night[2];
        var version = (await Get($"/api/incidents/{campaign.Id}")).GetProperty("incident").GetProperty("version").GetInt64();
        _rig.Grow(campaign.Id, "198.51.100.99");
        using var answer = await Send("POST", $"/api/incidents/{campaign.Id}/approve", $$"""{"version":{{version}}}""");
        await ShouldBeProblem(answer, HttpStatusCode.Conflict, null);
        (await answer.Content.ReadAsStringAsync(Token)).ShouldContain("1 address more: 198.51.100.99");
        var bulk = await Body(await Send("POST", "/api/incidents/bulk", JsonSerializer.Serialize(new { ids = (long[])[campaign.Id, _night[0].Id], versions = (long[])[version, 1], action = "approve" })));
        bulk.GetProperty("items").EnumerateArray().Select(static i => i.GetProperty("result").GetString()).ShouldBe(["conflict", "done"]);
        _rig.Store.GetIncident(campaign.Id)!.Status.ShouldBe(IncidentStatus.Recommended);
        await ShouldBeProblem(await Send("POST", "/api/incidents/bulk", """{"ids":[1,2],"versions":[1],"action":"approve"}"""), HttpStatusCode.BadRequest, "versions");
        using var seen = await Send("POST", $"/api/incidents/{campaign.Id}/approve", $$"""{"version":{{version + 1}}}""");
        seen.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Two_approvers_at_once_both_succeed_and_one_approval_stands()
    {
        var id = _night[0].Id;
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Send("POST", $"/api/incidents/{id}/approve", $$"""{"by":"p{{i}}"}""")));
        answers.ShouldAllBe(a => a.StatusCode == HttpStatusCode.OK);
        _rig.Store.GetHistory(id).Count(h => h.To == IncidentStatus.Approved).ShouldBe(1);
    }

    [Fact]
    public async Task Bulk_shows_the_union_first_and_then_does_it()
    {
        long[] ids = [_night[0].Id, _night[2].Id, _night[7].Id, 4711];
        var plan = await Body(await Send("POST", "/api/incidents/bulk", JsonSerializer.Serialize(new { ids, action = "approve", dry_run = true })));
        plan.GetProperty("new_ranges").GetArrayLength().ShouldBe(21);
        plan.GetProperty("items").EnumerateArray().Select(static i => i.GetProperty("result").GetString()).ShouldBe(["done", "done", "refused", "not_found"]);
        _rig.Store.GetIncident(ids[0])!.Status.ShouldBe(IncidentStatus.Recommended);
        var done = await Body(await Send("POST", "/api/incidents/bulk", JsonSerializer.Serialize(new { ids, action = "approve" })));
        done.GetProperty("succeeded").GetInt32().ShouldBe(2);
        _rig.Store.GetIncident(ids[0])!.Status.ShouldBe(IncidentStatus.Approved);
    }

    [Fact]
    public async Task Blocks_by_hand_are_written_exported_and_lifted()
    {
        using var made = await Send("POST", "/api/blocks", """{"range":"203.0.113.50","reason":"asked by the customer","ttl_seconds":600,"by":"bob"}""");
        made.StatusCode.ShouldBe(HttpStatusCode.Created);
        var id = (await Body(made)).GetProperty("id").GetInt64();
        File.ReadAllText(_rig.DenyFile).ShouldContain("203.0.113.50");
        (await _http.GetStringAsync("/api/blocks/export", Token)).ShouldContain("203.0.113.50");
        (await Body(await Send("POST", "/api/blocks", """{"range":"203.0.113.50","reason":"again"}"""))).GetProperty("result").GetString().ShouldBe("already");
        (await Get("/api/allowlist/check?ip=203.0.113.50")).GetProperty("blocks").GetArrayLength().ShouldBe(1);
        using var lifted = await Send("DELETE", $"/api/blocks/{id}?by=bob", "");
        lifted.StatusCode.ShouldBe(HttpStatusCode.OK);
        File.Exists(_rig.DenyFile).ShouldBeFalse();
        (await Get("/api/blocks")).GetProperty("total").GetInt32().ShouldBe(0);
        (await Get("/api/blocks?live=false")).GetProperty("total").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Allowlist_goes_out_and_in_as_csv_and_closes_incidents()
    {
        using var added = await Send("POST", "/api/allowlist", """{"ip_or_cidr":"203.0.113.0/29","description":"=1+1, \"quoted\""}""");
        added.StatusCode.ShouldBe(HttpStatusCode.Created);
        _rig.Store.GetIncident(_night[0].Id)!.Status.ShouldBe(IncidentStatus.Allowed);
        (await Get("/api/allowlist/check?ip=203.0.113.7")).GetProperty("allowed").GetBoolean().ShouldBeTrue();
        var csv = await _http.GetStringAsync("/api/allowlist/export", Token);
        csv.ShouldNotContain(",=1");
        var id = (await Get("/api/allowlist")).GetProperty("items")[0].GetProperty("id").GetInt64();
        (await Send("PUT", $"/api/allowlist/{id}", """{"ip_or_cidr":"203.0.113.8/29","description":"moved"}""")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await Get("/api/allowlist")).GetProperty("items")[0].GetProperty("ip_or_cidr").GetString().ShouldBe("203.0.113.8/29");
        using var import = await _http.PostAsync("/api/allowlist/import", new StringContent(csv + "not an address,x,,\r\n", Encoding.UTF8, "text/csv"), Token);
        var result = await Body(import);
        result.GetProperty("added").GetInt32().ShouldBe(1);
        result.GetProperty("problems")[0].GetProperty("line").GetInt32().ShouldBe(3);
        _rig.Store.GetAllowlist().ShouldContain(e => e.Description == "=1+1, \"quoted\"");
    }

    [Fact]
    public async Task The_event_stream_says_reload_after_a_gap_then_what_changes()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/events");
        request.Headers.TryAddWithoutValidation("Last-Event-ID", "17");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Token));
        (await reader.ReadLineAsync(Token)).ShouldBe("retry: 2000");
        (await NextEvent()).Name.ShouldBe("reload");
        (await NextEvent()).Name.ShouldBe("status");
        await Send("POST", $"/api/incidents/{_night[0].Id}/reject", "");
        var (name, data) = await NextEvent();
        name.ShouldBe("incident");
        data.GetProperty("id").GetInt64().ShouldBe(_night[0].Id);
        data.GetProperty("status").GetString().ShouldBe("rejected");
        (await NextEvent()).Name.ShouldBe("blocks");
        await Send("PUT", "/api/mode", """{"mode":"auto"}""");
        (name, data) = await NextEvent();
        name.ShouldBe("status");
        data.GetProperty("mode").GetString().ShouldBe("auto");

        async Task<(string Name, JsonElement Data)> NextEvent()
        {
            var kind = "";
            while (await reader.ReadLineAsync(Token) is { } line)
            {
                if (line.StartsWith("event: ", StringComparison.Ordinal))
                {
                    kind = line[7..];
                }
                else if (line.StartsWith("data: ", StringComparison.Ordinal))
                {
                    return (kind, JsonDocument.Parse(line[6..]).RootElement);
                }
            }

            throw new InvalidOperationException("The stream ended.");
        }
    }

    [Fact]
    public async Task Readiness_fails_with_reasons_and_liveness_does_not()
    {
        (await _http.GetAsync("/readyz", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
        _rig.Agent.Current = _rig.Agent.Current with { Sources = [.. _rig.Agent.Current.Sources.Select(static s => s with { State = SourceState.Error, Advice = "gone" })], Store = new(false, "disk full") };
        using var response = await _http.GetAsync("/readyz", Token);
        response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await Body(response)).GetProperty("reasons").EnumerateArray().Select(static r => r.GetString()).ShouldBe(["store: disk full", "source /var/log/traefik/access.log: gone", "source /var/log/traefik/internal.log: gone"]);
        (await _http.GetAsync("/healthz", Token)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Metrics_are_well_formed_and_hold_the_figures()
    {
        var text = await _http.GetStringAsync("/metrics", Token);
        text.ShouldContain("devops_agent_lines_read_total 1284551\n");
        text.ShouldContain("devops_agent_lines_unparsed_total{reason=\"not-a-log-line\"} 0\n");
        text.ShouldContain("devops_agent_lines_unparsed_total{reason=\"truncated\"} 9\n");
        text.ShouldContain("devops_agent_incidents{status=\"recommended\"} 7\n");
        text.ShouldContain("devops_agent_mode{mode=\"review\"} 1\n");
        foreach (var line in text.TrimEnd('\n').Split('\n').Where(static l => l[0] != '#'))
        {
            line.ShouldMatch("^[a-z_]+(\\{[a-z]+=\"[^\"]*\"\\})? [0-9]+$");
            text.ShouldContain($"# TYPE {line[..line.IndexOfAny(['{', ' '])]} ");
        }
    }

    [Fact]
    public async Task Every_endpoint_is_in_the_openapi_document_and_the_other_way_round()
    {
        var document = await Get("/openapi.json");
        var described = document.GetProperty("paths").EnumerateObject().SelectMany(static p => p.Value.EnumerateObject().Select(m => $"{m.Name.ToUpperInvariant()} {p.Name}"));
        described.Order(StringComparer.Ordinal).ShouldBe(Endpoint.All.Select(static e => $"{e.Method} {e.Pattern}").Order(StringComparer.Ordinal));
        var schemas = document.GetProperty("components").GetProperty("schemas");
        foreach (var row in Endpoint.All)
        {
            var operation = document.GetProperty("paths").GetProperty(row.Pattern).GetProperty(row.Method.ToLowerInvariant());
            operation.GetRawText().Contains("#/components/parameters/WriteHeader", StringComparison.Ordinal).ShouldBe(row.Effect == Effect.Write, row.Pattern);
        }

        foreach (var (path, schema) in ((string, string)[])[("/api/stats", "Stats"), ("/api/status", "Status"), ("/api/incidents", "IncidentPage"), ("/api/blocks", "BlockPage"), ("/api/allowlist", "AllowlistPage"), ($"/api/incidents/{_night[0].Id}", "IncidentDetail"), ($"/api/incidents/{_night[0].Id}/recommendation", "Recommendation")])
        {
            var keys = (await Get(path)).EnumerateObject().Select(static p => p.Name).Order(StringComparer.Ordinal);
            keys.ShouldBe(schemas.GetProperty(schema).GetProperty("properties").EnumerateObject().Select(static p => p.Name).Order(StringComparer.Ordinal), path);
        }
    }

    [Fact]
    public async Task Static_files_have_an_etag_and_answers_of_the_api_are_never_stored()
    {
        using var page = await _http.GetAsync("/app.js", Token);
        page.Content.Headers.ContentType!.MediaType.ShouldBe("text/javascript");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/app.js");
        again.Headers.TryAddWithoutValidation("If-None-Match", page.Headers.ETag!.ToString());
        (await _http.SendAsync(again, Token)).StatusCode.ShouldBe(HttpStatusCode.NotModified);
        (await _http.GetAsync("/api/incidents", Token)).Headers.CacheControl!.NoStore.ShouldBeTrue();
        (await _http.GetAsync("/..%2f..%2fetc%2fpasswd", Token)).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    private async Task<JsonElement> Get(string path) => await _http.GetFromJsonAsync<JsonElement>(path, Token);

    private Task<HttpResponseMessage> Send(string method, string path, string body) =>
        _http.SendAsync(new(new(method), path) { Content = body.Length == 0 ? null : new StringContent(body, Encoding.UTF8, "application/json") }, Token);

    private static async Task<JsonElement> Body(HttpResponseMessage response) => await response.Content.ReadFromJsonAsync<JsonElement>(Token);

    private static async Task ShouldBeProblem(HttpResponseMessage response, HttpStatusCode status, string? field)
    {
        var text = await response.Content.ReadAsStringAsync(Token);
        response.StatusCode.ShouldBe(status, text);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        var problem = JsonDocument.Parse(text).RootElement;
        problem.GetProperty("status").GetInt32().ShouldBe((int)status);
        problem.GetProperty("type").GetString()!.ShouldStartWith("urn:devops-agent:problem:");
        problem.GetProperty("title").GetString().ShouldNotBeNullOrEmpty();
        problem.GetProperty("detail").GetString().ShouldNotBeNullOrEmpty();
        problem.GetProperty("what_to_do").GetString().ShouldNotBeNullOrEmpty();
        (problem.TryGetProperty("field", out var named) ? named.GetString() : null).ShouldBe(field);
    }
}
