using DevOpsAgent.Agent.Guardrails;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Agent.Guardrails;

public sealed class SecretTextTests
{
    [Theory]
    [InlineData("/login?user=ada&password=hunter2", "hunter2")]
    [InlineData("/cb?access_token=ya29.A0ARrdaM-x_y&state=1", "A0ARrdaM")]
    [InlineData("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop")]
    [InlineData("bearer%20abc.def-ghi", "abc.def-ghi")]
    [InlineData("Basic dXNlcjpwYXNz", "dXNlcjpwYXNz")]
    [InlineData("Cookie: sid=abc; theme=dark", "sid=abc")]
    [InlineData("/x;jsessionid=0A1B2C3D4E", "0A1B2C3D4E")]
    [InlineData("https://ada:s3cr3t@host.example/", "s3cr3t")]
    [InlineData("/?q=ghp_0123456789abcdefghijklmnopqrstuvwxyz", "ghp_0123")]
    [InlineData("/?k=AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE")]
    [InlineData("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJzdWIi")]
    [InlineData("/maps?key=AIzaSyA1234567890abcdefghijklmnopqrst", "AIzaSy")]
    [InlineData("{\"api_key\":\"zzz-yyy\"}", "zzz-yyy")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----MIIE", "MIIE")]
    public void Secrets_go(string text, string secret)
    {
        SecretText.Remove(text, out var count).ShouldNotContain(secret);
        count.ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("/.env")]
    [InlineData("/wp-content/plugins/basic authentication/readme")]
    [InlineData("2026-11-21T09:00:00Z 203.0.113.7 1763715600 1763715600123 2001:db8::7")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36")]
    [InlineData("/api/v1/secrets")]
    [InlineData("/?token=203.0.113.7")]
    public void What_a_log_is_for_stays(string text)
    {
        SecretText.Remove(text, out _).ShouldBe(text);
        PersonalText.Remove(text, out _).ShouldBe(text);
    }

    [Theory]
    [InlineData("mail ada.lovelace@example.org now", "ada.lovelace")]
    [InlineData("/?email=ada%40example.org", "ada%40")]
    [InlineData("call +49 30 1234567", "1234567")]
    [InlineData("card 4111 1111 1111 1111 please", "1111")]
    [InlineData("card 4111111111111111", "4111")]
    [InlineData("DE89370400440532013000", "DE8937")]
    public void Personal_data_goes(string text, string data) => PersonalText.Remove(text, out _).ShouldNotContain(data);

    [Theory]
    [InlineData("4111111111111112")]
    [InlineData("1763715600123456")]
    [InlineData("1763715600123456789")]
    [InlineData("2026-11-21T10:00:00+01:00 2026-11-21T10:00:00+0100 2026-11-21")]
    [InlineData("4012.888.888.881.881.1")]
    public void Numbers_that_are_none_stay(string text) => PersonalText.Remove(text, out _).ShouldBe(text);

    /// <summary>Whatever stands around them: addresses and times survive, tokens don't.</summary>
    [Fact]
    public void Addresses_and_times_survive_tokens_do_not()
    {
        var gen =
            from a in Gen.Choose(1, 223)
            from b in Gen.Choose(0, 255)
            from epoch in Gen.Choose(1_000_000_000, 2_000_000_000)
            from token in Gen.Elements("abcdefghij", "A1b2C3d4E5", "zz.yy-xx_ww", "0123456789abcdef").Two()
            from around in Gen.Elements("GET /x?t=", " ", "time ", "/p/", "\"").Two()
            select (Address: $"{a}.{b}.113.7", Six: $"2001:db8::{a:x}", Time: $"{epoch}", Token: token.Item1 + token.Item2, Before: around.Item1, After: around.Item2);
        Prop.ForAll(gen.ToArbitrary(), static s =>
        {
            var text = $"{s.Before}{s.Time}{s.After} {s.Address} bearer {s.Token} {s.Six} {s.Time}123";
            var safe = PersonalText.Remove(SecretText.Remove(text, out _), out _);
            return safe.Contains(s.Address) && safe.Contains(s.Six) && safe.Contains(s.Time) && safe.Contains(s.Time + "123") && !safe.Contains(s.Token);
        }).QuickCheckThrowOnFailure();
    }
}
