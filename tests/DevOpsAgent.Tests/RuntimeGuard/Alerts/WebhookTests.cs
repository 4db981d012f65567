using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard.Alerts;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

public sealed class WebhookTests
{
    private readonly FakeTime _time = new();
    private readonly List<string> _requests = [];

    [Fact]
    public async Task A_delivery_is_signed_over_its_time_and_body()
    {
        await using var server = LoopbackServer.Http(_requests, static () => Answer("204 No Content"));
        using var channel = Channel(server);
        await channel.SendAsync(new("0123abcd", [Violations.Alert("a") with { Seq = 4 }, Violations.Alert("<b>") with { Seq = 6 }], 2), TestContext.Current.CancellationToken);
        var request = _requests.ShouldHaveSingleItem();
        var body = request[(request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        var timestamp = Header(request, "X-Guard-Timestamp");
        timestamp.ShouldBe(_time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));

        // As a receiver would check it, by other code than ours.
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData("s3cret"u8.ToArray(), Encoding.UTF8.GetBytes(timestamp + "." + body)));
        Header(request, "X-Guard-Signature").ShouldBe("v1=" + expected);
        Header(request, "X-Guard-Delivery").ShouldBe("0123abcd-4-6");
        var json = JsonDocument.Parse(body).RootElement;
        json.GetProperty("lost").GetInt64().ShouldBe(2);
        json.GetProperty("host").GetString().ShouldBe("web1");
        json.GetProperty("alerts")[1].GetProperty("violation").GetProperty("detail").GetString().ShouldBe("<b>");
        json.GetProperty("alerts")[0].GetProperty("violation").GetProperty("process_name").GetString().ShouldBe("app");
    }

    [Fact]
    public async Task Without_a_secret_nothing_claims_to_be_signed()
    {
        await using var server = LoopbackServer.Http(_requests, static () => Answer("200 OK"));
        using var channel = new WebhookChannel("dashboard", "send_to_soc_dashboard", new($"http://127.0.0.1:{server.Port}/"), null, "web1", _time);
        await channel.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken);
        _requests[0].ShouldNotContain("X-Guard-Signature");
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        var stolen = new List<string>();
        await using var thief = LoopbackServer.Http(stolen, static () => Answer("200 OK"));
        await using var server = LoopbackServer.Http(_requests, () => Answer("307 Temporary Redirect", $"Location: http://127.0.0.1:{thief.Port}/"));
        using var channel = Channel(server);
        var fault = await Should.ThrowAsync<AlertDeliveryException>(() => channel.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken));
        fault.Message.ShouldContain("redirect (307), which is not followed");
        fault.IsFinal.ShouldBeFalse("a receiver that was mended gets them");
        stolen.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("503 Service Unavailable", false)]
    [InlineData("401 Unauthorized", false)]
    [InlineData("404 Not Found", false)]
    [InlineData("400 Bad Request", true)]
    [InlineData("413 Content Too Large", true)]
    [InlineData("422 Unprocessable Content", true)]
    public async Task Only_what_says_that_the_body_is_wrong_is_final(string status, bool final)
    {
        await using var server = LoopbackServer.Http(_requests, () => Answer(status, "Retry-After: 7"));
        using var channel = Channel(server);
        var fault = await Should.ThrowAsync<AlertDeliveryException>(() => channel.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken));
        (fault.IsFinal, fault.RetryAfter).ShouldBe((final, TimeSpan.FromSeconds(7)));
    }

    [Fact]
    public async Task One_that_is_down_is_named()
    {
        int port;
        await using (var server = LoopbackServer.Http(_requests, static () => ""))
        {
            port = server.Port;
        }

        using var channel = new WebhookChannel("dashboard", "x", new($"http://127.0.0.1:{port}/"), null, "h", _time);
        (await Should.ThrowAsync<AlertDeliveryException>(() => channel.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken))).Message.ShouldStartWith("127.0.0.1: ");
    }

    [Fact]
    public async Task One_that_never_answers_is_left_after_ten_seconds()
    {
        var asked = new TaskCompletionSource();
        await using var server = new LoopbackServer(async (stream, cancellation) =>
        {
            await LoopbackServer.ReadHttpAsync(stream, cancellation);
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
        });
        using var channel = Channel(server);
        var sending = channel.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken);
        await asked.Task;
        sending.IsCompleted.ShouldBeFalse();
        _time.Advance(TimeSpan.FromSeconds(10));
        (await Should.ThrowAsync<AlertDeliveryException>(() => sending)).Message.ShouldContain("did not answer within 10 s");
    }

    [Fact]
    public async Task A_body_without_end_is_not_read()
    {
        await using var server = new LoopbackServer(static async (stream, cancellation) =>
        {
            await LoopbackServer.ReadHttpAsync(stream, cancellation);
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n"u8.ToArray(), cancellation);
            await Task.Delay(Timeout.Infinite, cancellation);
        });
        using var channel = Channel(server);
        await channel.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken);
    }

    private static string Answer(string status, string header = "X: y") => $"HTTP/1.1 {status}\r\n{header}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    private static string Header(string request, string name) => request.Split("\r\n").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 2)..];

    private WebhookChannel Channel(LoopbackServer server) => new("dashboard", "send_to_soc_dashboard", new($"http://127.0.0.1:{server.Port}/hook"), new Secret("s3cret"), "web1", _time);
}
