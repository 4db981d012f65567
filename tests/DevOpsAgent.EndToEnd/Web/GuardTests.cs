using System.Net;
using System.Text;
using DevOpsAgent.App.Web;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.EndToEnd.Web;

/// <summary>Each endpoint of the table against each attack that a page without a login invites.</summary>
public sealed class GuardTests
{
    public static TheoryData<string, string> Reads => Rows(Effect.None);

    public static TheoryData<string, string> Writes => Rows(Effect.Write);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Whatever_is_not_a_GET_counts_as_a_write()
    {
        Endpoint.All.Count.ShouldBeGreaterThan(20);
        Endpoint.All.ShouldAllBe(static e => e.Method == "GET" == (e.Effect == Effect.None));
        Endpoint.All.Select(static e => e.Method + e.Pattern).Distinct(StringComparer.Ordinal).Count().ShouldBe(Endpoint.All.Count);
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task A_write_from_another_site_or_without_the_header_is_refused(string method, string path)
    {
        await using var rig = await WebRig.StartAsync();
        rig.SeedNight();
        var before = rig.Store.ChangeMark();
        (await Send(rig, method, path, [])).ShouldBe(HttpStatusCode.Forbidden);
        (await Send(rig, method, path, [("X-Devops-Agent", "0")])).ShouldBe(HttpStatusCode.Forbidden);
        (await Send(rig, method, path, [("X-Devops-Agent", "1"), ("Origin", "https://evil.example")])).ShouldBe(HttpStatusCode.Forbidden);
        (await Send(rig, method, path, [("X-Devops-Agent", "1"), ("Origin", "null")])).ShouldBe(HttpStatusCode.Forbidden);
        (await Send(rig, method, path, [("X-Devops-Agent", "1"), ("Origin", $"http://127.0.0.1:{rig.Port + 1}")])).ShouldBe(HttpStatusCode.Forbidden);
        (await Send(rig, method, path, [("X-Devops-Agent", "1"), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")])).ShouldBe(HttpStatusCode.Forbidden);
        (await Send(rig, method, path, [("X-Devops-Agent", "1"), ("Sec-Fetch-Site", "same-site")])).ShouldBe(HttpStatusCode.Forbidden);
        (await Send(rig, method, path, [("X-Devops-Agent", "1"), ("Host", "evil.example")])).ShouldBe(HttpStatusCode.MisdirectedRequest);
        rig.Store.ChangeMark().ShouldBe(before);
        var own = await Send(rig, method, path, [("X-Devops-Agent", "1"), ("Origin", $"http://127.0.0.1:{rig.Port}"), ("Sec-Fetch-Site", "same-origin")]);
        own.ShouldNotBe(HttpStatusCode.Forbidden);
        own.ShouldNotBe(HttpStatusCode.MisdirectedRequest);
    }

    [Theory]
    [MemberData(nameof(Reads))]
    public async Task A_read_under_a_foreign_name_or_by_a_script_of_another_site_is_refused(string method, string path)
    {
        await using var rig = await WebRig.StartAsync();
        rig.SeedNight();
        (await Send(rig, method, path, [("Host", $"rebound.example:{rig.Port}")])).ShouldBe(HttpStatusCode.MisdirectedRequest);
        (await Send(rig, method, path, [("Host", "127.0.0.1")])).ShouldBe(HttpStatusCode.MisdirectedRequest);
        (await Send(rig, method, path, [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")])).ShouldBe(HttpStatusCode.Forbidden);
        (await Send(rig, method, path, [("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors")])).ShouldBe(HttpStatusCode.Forbidden);
        foreach (var name in (string[])["localhost", "127.0.0.1", "LOCALHOST"])
        {
            (await Send(rig, method, path, [("Host", $"{name}:{rig.Port}")])).ShouldBe(path == "/api/receipts/1" ? HttpStatusCode.NotFound : HttpStatusCode.OK);
        }
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/app.js")]
    [InlineData("/api/incidents")]
    [InlineData("/api/nothing")]
    [InlineData("/api/incidents?limit=x")]
    public async Task Every_answer_carries_the_headers_that_confine_it(string path)
    {
        await using var rig = await WebRig.StartAsync();
        using var http = new HttpClient { BaseAddress = rig.Address };
        using var response = await http.GetAsync(path, Token);
        response.Headers.GetValues("Content-Security-Policy").Single().ShouldBe("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
        response.Headers.GetValues("X-Content-Type-Options").Single().ShouldBe("nosniff");
        response.Headers.GetValues("Referrer-Policy").Single().ShouldBe("no-referrer");
        response.Headers.GetValues("Cross-Origin-Opener-Policy").Single().ShouldBe("same-origin");
        response.Headers.GetValues("Cross-Origin-Resource-Policy").Single().ShouldBe("same-origin");
        response.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        response.Headers.Contains("Server").ShouldBeFalse();
    }

    [Fact]
    public async Task A_flood_of_writes_is_refused_and_a_persons_pace_is_not()
    {
        await using var rig = await WebRig.StartAsync();
        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < 200; i++)
        {
            answers.Add(await Send(rig, "PUT", "/api/mode", [("X-Devops-Agent", "1")]));
        }

        answers.Take(40).ShouldAllBe(static a => a == HttpStatusCode.BadRequest);
        answers.ShouldContain(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task Other_machines_only_by_an_explicit_word_and_behind_a_named_proxy()
    {
        var refused = await Should.ThrowAsync<ConfigException>(() => WebRig.StartAsync(new() { Listen = "0.0.0.0:0" }));
        refused.Message.ShouldContain("web.allowed_hosts");
        await Should.ThrowAsync<ConfigException>(() => WebRig.StartAsync(new() { Listen = "8686" }));
        await using var rig = await WebRig.StartAsync(new() { Listen = "127.0.0.1:0", AllowedHosts = ["agent.example.org"] });
        (await Send(rig, "GET", "/healthz", [("Host", "agent.example.org")])).ShouldBe(HttpStatusCode.OK);
        (await Send(rig, "PUT", "/api/mode", [("Host", "agent.example.org"), ("Origin", "https://agent.example.org"), ("X-Devops-Agent", "1")])).ShouldBe(HttpStatusCode.BadRequest);
        (await Send(rig, "PUT", "/api/mode", [("Host", "agent.example.org"), ("Origin", "https://evil.example.org"), ("X-Devops-Agent", "1")])).ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_taken_port_is_an_error_that_says_what_to_do()
    {
        await using var rig = await WebRig.StartAsync();
        var taken = await Should.ThrowAsync<IOException>(() => WebRig.StartAsync(new() { Listen = $"127.0.0.1:{rig.Port}" }));
        taken.Message.ShouldContain("--listen");
    }

    private static TheoryData<string, string> Rows(Effect effect)
    {
        var rows = new TheoryData<string, string>();
        foreach (var row in Endpoint.All.Where(e => e.Effect == effect))
        {
            rows.Add(row.Method, row.Pattern.Replace("{id}", "1", StringComparison.Ordinal) + (row.Pattern.EndsWith("/check", StringComparison.Ordinal) ? "?ip=203.0.113.7" : ""));
        }

        return rows;
    }

    private static async Task<HttpStatusCode> Send(WebRig rig, string method, string path, (string Name, string Value)[] headers)
    {
        using var http = new HttpClient { BaseAddress = rig.Address };
        using var request = new HttpRequestMessage(new(method), path);
        if (method != "GET")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        return response.StatusCode;
    }
}
