using DevOpsAgent.Audit;

namespace DevOpsAgent.Tests.Audit;

/// <summary>Mistake 3 of the original: argv is not redacted.</summary>
public sealed class RedactionTests
{
    private const string Secret = "hunter2hunter2";

    private readonly Redaction _redaction = new(new(["--licence", "-p"], ["PIN (?<secret>[0-9]{4})", "COLOUR-[A-Z]+"]), static data => System.Security.Cryptography.SHA256.HashData(data));

    [Theory]
    [InlineData("mysql|--password|hunter2hunter2")]
    [InlineData("mysql|--password=hunter2hunter2")]
    [InlineData("mysql|-phunter2hunter2")]
    [InlineData("mysql|-p|hunter2hunter2")]
    [InlineData("tool|--licence|hunter2hunter2")]
    [InlineData("tool|--db-password|hunter2hunter2")]
    [InlineData("tool|--api-key=hunter2hunter2")]
    [InlineData("tool|--apiKey|hunter2hunter2")]
    [InlineData("tool|--token=hunter2hunter2")]
    [InlineData("tool|--client-secret|hunter2hunter2")]
    [InlineData("env|AWS_SECRET_ACCESS_KEY=hunter2hunter2")]
    [InlineData("env|STRIPE_KEY=hunter2hunter2")]
    [InlineData("env|PGPASSWORD=hunter2hunter2")]
    [InlineData("env|GITHUB_TOKEN=hunter2hunter2")]
    [InlineData("curl|-H|Authorization: Bearer hunter2hunter2")]
    [InlineData("curl|-H|authorization: Basic hunter2hunter2")]
    [InlineData("curl|-H|X-Api-Key: hunter2hunter2")]
    [InlineData("curl|-H|Cookie: session=hunter2hunter2")]
    [InlineData("curl|https://ada:hunter2hunter2@example.org/x")]
    [InlineData("curl|https://example.org/x?a=1&access_token=hunter2hunter2&b=2")]
    [InlineData("curl|-d|{\"user\": \"ada\", \"password\": \"hunter2hunter2\"}")]
    [InlineData("git|clone|https://x-access-token:ghp_hunter2hunter2hunter2hunter2hunter2@github.com/a/b")]
    [InlineData("echo|ghp_hunter2hunter2hunter2hunter2hunter2")]
    [InlineData("echo|-----BEGIN PRIVATE KEY-----\nhunter2hunter2\n-----END PRIVATE KEY-----")]
    [InlineData("echo|eyJhbGciOiJI.hunter2hunter2.sig")]
    public void Secrets_in_argv_are_replaced(string argv)
    {
        var words = _redaction.Apply(argv.Split('|'));
        words.ShouldNotContain(static w => w.Contains(Secret));
        words.ShouldContain(static w => w.Contains("[redacted:"));
    }

    [Theory]
    [InlineData("/usr/bin/systemctl|restart|--no-block|api-gateway.service")]
    [InlineData("ls|-la|/etc/passwd")]
    [InlineData("sort|--sort-key|2")]
    [InlineData("kubectl|get|secrets")]
    [InlineData("ssh-keygen|-l|-f|/etc/ssh/key.pub")]
    [InlineData("curl|https://example.org:8080/x?page=2")]
    [InlineData("git|show|sha1:path/to/token.c")]
    public void What_is_no_secret_stays_readable(string argv) => _redaction.Apply(argv.Split('|')).ShouldBe(argv.Split('|'));

    [Fact]
    public void What_stands_around_a_secret_stays() =>
        _redaction.Apply(["https://ada:hunter2hunter2@example.org/x", "PIN 1234 ok", "COLOUR-RED"]).ShouldBe(
        [
            $"https://ada:{Hidden(Secret)}@example.org/x", $"PIN {Hidden("1234")} ok", Hidden("COLOUR-RED"),
        ]);

    [Fact]
    public void The_same_secret_has_the_same_hash_in_one_log_and_another_elsewhere()
    {
        using AuditRig one = new(), two = new();
        var a = new Redaction(new([], []), one.Keys.Mac);
        var b = new Redaction(new([], []), two.Keys.Mac);
        a.Apply(["--token", Secret])[1].ShouldBe(a.Apply(["x", "--token=" + Secret])[1]["--token=".Length..]);
        a.Apply(["--token", Secret])[1].ShouldNotBe(b.Apply(["--token", Secret])[1]);
    }

    [Fact]
    public async Task Lines_of_requests_and_denials_hold_no_secret()
    {
        using var rig = new AuditRig();
        using (var log = rig.Open())
        {
            await log.AppendAsync(AuditRig.Request(1, "mysql", "--password=" + Secret), TestContext.Current.CancellationToken);
            await log.AppendAsync(AuditRig.Denial("argv_not_allowed", "mysql", "--password", Secret), TestContext.Current.CancellationToken);
            log.Count(AuditRig.Denial("unverified_sender", "mysql", "--password", Secret));
        }

        rig.Lines().Length.ShouldBe(3);
        rig.Lines().ShouldAllBe(static l => !l.Contains(Secret) && l.Contains("[redacted:"));
    }

    private static string Hidden(string secret) =>
        $"[redacted:{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(secret)))[..16]}]";
}
