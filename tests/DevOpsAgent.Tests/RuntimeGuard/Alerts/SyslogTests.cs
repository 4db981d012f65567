using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using DevOpsAgent.RuntimeGuard.Alerts;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.RuntimeGuard.Alerts;

public sealed class SyslogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_message_is_rfc_5424() =>
        Encoding.UTF8.GetString(SyslogMessage.Of(Violations.Alert() with { Seq = 12, Count = 3, Responses = [new("kill_process", true, "Process 4711 was killed.", 1)] }, "web1", 99)).ShouldBe(
            "<83>1 2026-11-21T09:00:00.000Z web1 devops-agent-guard 99 file " +
            "[guard@32473 process=\"app\" pid=\"4711\" severity=\"HIGH\" mode=\"enforce\" action=\"alerted\" backend=\"proc\" rule=\"/etc/shadow\" seq=\"12\" count=\"3\" heldBack=\"0\"] " +
            "\uFEFFapp: blocked file access: /etc/shadow (pattern: /etc/shadow); kill_process: Process 4711 was killed.");

    [Theory]
    [InlineData("CRITICAL", "<82>1 ")]
    [InlineData("HIGH", "<83>1 ")]
    [InlineData("MEDIUM", "<84>1 ")]
    [InlineData("LOW", "<85>1 ")]
    public void Severities_are_those_of_syslog(string severity, string start) =>
        Encoding.UTF8.GetString(SyslogMessage.Of(Violations.Alert() with { Violation = Violations.Of(severity: severity) }, "h", 1)).ShouldStartWith(start);

    [Theory]
    [InlineData("x\n<82>1 2026-11-21T09:00:00Z h kernel 1 - - all is well")]
    [InlineData("x\"] [guard@32473 severity=\"LOW\"]")]
    [InlineData("x\\")]
    [InlineData("\u202Egnp.exe\u0000\u0007\u001b[2J\u2028\ud800")]
    public void Hostile_names_add_no_line_and_no_element(string hostile)
    {
        var violation = Violations.Of("unauthorized file access: " + hostile, process: hostile) with { Rule = hostile };
        var text = Encoding.UTF8.GetString(SyslogMessage.Of(Violations.Alert() with { Violation = violation }, "h\n x", 1));
        text.ShouldNotContain("\n");
        text.Any(static c => char.IsControl(c) || c is '\u202E' or '\u2028').ShouldBeFalse();
        Regex.IsMatch(text, "^<83>1 \\S+ hx devops-agent-guard 1 file \\[guard@32473( [a-zA-Z]+=\"([^\"\\\\\\]]|\\\\[\"\\\\\\]])*\")+\\] \uFEFF", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).ShouldBeTrue(text);
    }

    [Fact]
    public async Task Alerts_reach_a_unix_socket_and_what_is_missing_is_named()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Unix datagrams");
        var path = Path.Combine(_folder.Path, "log");
        using var channel = new SyslogChannel(path, "h", 1, TimeProvider.System);
        (await Should.ThrowAsync<AlertDeliveryException>(() => channel.SendAsync(new("j", [Violations.Alert()], 0), default))).Message.ShouldContain($"there is no socket {path}");
        using var syslog = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        syslog.Bind(new UnixDomainSocketEndPoint(path));
        await channel.SendAsync(new("j", [Violations.Alert("a"), Violations.Alert(new string('é', 5_000))], 7), TestContext.Current.CancellationToken);
        (await ReceiveAsync(syslog)).ShouldEndWith("7 alerts were not kept until syslog could be told");
        (await ReceiveAsync(syslog)).ShouldEndWith("app: a");
        var cut = await ReceiveAsync(syslog);
        Encoding.UTF8.GetByteCount(cut).ShouldBeLessThanOrEqualTo(2_048);
        cut.ShouldNotContain("\uFFFD", Case.Sensitive, "cut between two characters");
    }

    [Fact]
    public async Task Alerts_reach_a_udp_port()
    {
        using var syslog = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        syslog.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var channel = new SyslogChannel($"udp://127.0.0.1:{((IPEndPoint)syslog.LocalEndPoint!).Port}", "h", 1, TimeProvider.System);
        await channel.SendAsync(new("j", [Violations.Alert("a")], 0), TestContext.Current.CancellationToken);
        (await ReceiveAsync(syslog)).ShouldEndWith("app: a");
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var bytes = new byte[65_536];
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(20));
        return Encoding.UTF8.GetString(bytes, 0, await socket.ReceiveAsync(bytes, limit.Token));
    }
}
