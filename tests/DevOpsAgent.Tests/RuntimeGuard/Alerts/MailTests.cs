using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.RuntimeGuard.Alerts;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

public sealed class MailTests
{
    private readonly FakeTime _time = new();
    private readonly List<string> _lines = [];

    [Fact]
    public async Task One_mail_tells_all_the_worst_first()
    {
        await using var server = Smtp("250 taken");
        using var channel = Channel(server.Port);
        await channel.SendAsync(new("j", [Violations.Alert("a", 3), Violations.Alert() with { Violation = Violations.Of("b", severity: "CRITICAL"), HeldBack = 5, Tree = [new(1, 0, "/sbin/init", 0, ProcessRole.Ancestor), new(9, 1, "/opt/app", 5, ProcessRole.Violator)] }], 2), TestContext.Current.CancellationToken);
        _lines.ShouldContain("MAIL FROM:<guard@example.org>");
        _lines.ShouldContain("RCPT TO:<oncall@example.org>");
        var mail = string.Join('\n', _lines);
        mail.ShouldContain("Subject: [guard web1] CRITICAL: 9 violations by app");
        var body = channel.Body(new("j", [Violations.Alert("a", 3), Violations.Alert() with { Violation = Violations.Of("b", severity: "CRITICAL"), HeldBack = 5, Tree = [new(1, 0, "/sbin/init", 0, ProcessRole.Ancestor), new(9, 1, "/opt/app", 5, ProcessRole.Violator)] }], 2));
        body.IndexOf("CRITICAL", StringComparison.Ordinal).ShouldBeLessThan(body.IndexOf("HIGH", StringComparison.Ordinal));
        body.ShouldContain("app (pid 4711), 3 times");
        body.ShouldContain("/sbin/init (1) > /opt/app (9)");
        body.ShouldContain("5 further violations were held back");
        body.ShouldContain("2 alerts before these were lost");
    }

    [Fact]
    public void A_hundred_alerts_are_twenty_and_a_number()
    {
        using var channel = Channel(1);
        var body = channel.Body(new("j", [.. Enumerable.Range(0, 100).Select(static i => Violations.Alert($"file {i}"))], 0));
        body.ShouldContain("file 19");
        body.ShouldNotContain("file 20");
        body.ShouldContain("80 more, not shown here");
    }

    [Fact]
    public void Hostile_names_add_no_header_and_no_line()
    {
        using var channel = Channel(1);
        var batch = new AlertBatch("j", [Violations.Alert() with { Violation = Violations.Of("x\r\n.\r\nMAIL FROM:<a@b>", process: "app\r\nBcc: thief@example.net") }], 0);
        channel.Subject(batch).ShouldNotContain("\n");
        channel.Body(batch).Split('\n').ShouldNotContain(static l => l.StartsWith("MAIL FROM", StringComparison.Ordinal) || l.StartsWith('.'));
    }

    [Fact]
    public async Task A_server_that_refuses_or_is_down_is_named()
    {
        int port;
        await using (var server = Smtp("554 no mail today"))
        {
            port = server.Port;
            using var channel = Channel(port);
            (await Should.ThrowAsync<AlertDeliveryException>(() => channel.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken))).Message.ShouldContain("no mail today");
        }

        using var down = Channel(port);
        (await Should.ThrowAsync<AlertDeliveryException>(() => down.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken))).Message.ShouldStartWith($"127.0.0.1:{port}: ");
    }

    [Fact]
    public async Task With_tls_nothing_is_sent_to_a_server_without()
    {
        await using var server = Smtp("250 taken");
        using var channel = new MailChannel(Config(server.Port) with { Tls = true }, "web1", _time);
        await Should.ThrowAsync<AlertDeliveryException>(() => channel.SendAsync(new("j", [Violations.Alert()], 0), TestContext.Current.CancellationToken));
        _lines.ShouldNotContain(static l => l.StartsWith("MAIL FROM", StringComparison.Ordinal));
    }

    private static MailConfig Config(int port) => new() { Server = $"127.0.0.1:{port}", Tls = false, From = "guard@example.org", To = ["oncall@example.org"] };

    private MailChannel Channel(int port) => new(Config(port), "web1", _time);

    /// <summary>A server that takes one mail.</summary>
    private LoopbackServer Smtp(string atTheEnd) => new(async (stream, cancellation) =>
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, leaveOpen: true);
        await SayAsync("220 here");
        var data = false;
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }

            if (data)
            {
                if (line == ".")
                {
                    data = false;
                    await SayAsync(atTheEnd);
                }

                continue;
            }

            data = line == "DATA";
            await SayAsync(data ? "354 go on" : line == "QUIT" ? "221 bye" : "250 fine");
            if (line == "QUIT")
            {
                return;
            }
        }

        Task SayAsync(string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text + "\r\n"), cancellation).AsTask();
    });
}
