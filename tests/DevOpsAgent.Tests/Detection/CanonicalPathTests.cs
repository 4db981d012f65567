using System.Text;
using DevOpsAgent.Detection;

namespace DevOpsAgent.Tests.Detection;

public sealed class CanonicalPathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("", "/")]
    [InlineData("*", "/*")]
    [InlineData("/.env", "/.env")]
    [InlineData("/.ENV", "/.env")]
    [InlineData("/%2eenv", "/.env")]
    [InlineData("/%252eenv", "/.env")]
    [InlineData("/%25252eenv", "/.env")]
    [InlineData("/%u002eenv", "/.env")]
    [InlineData("//.env", "/.env")]
    [InlineData("/a//b///c/", "/a/b/c")]
    [InlineData("/a/./b/../.env", "/a/.env")]
    [InlineData("/..%2F..%2F..%2Fetc%2Fpasswd", "/etc/passwd")]
    [InlineData("/%252e%252e%252f%252e%252e%252fetc%252fpasswd", "/etc/passwd")]
    [InlineData("/static/..%5C..%5C..%5Cwindows%5Cwin.ini", "/windows/win.ini")]
    [InlineData("/static/%C0%AE%C0%AE/%C0%AE%C0%AE/etc/passwd", "/etc/passwd")]
    [InlineData("/static/%E0%80%AE%E0%80%AE/etc/passwd", "/etc/passwd")]
    [InlineData("/%EF%BC%8Egit/config", "/.git/config")]
    [InlineData("/static/..../..../..../etc/shadow", "/etc/shadow")]
    [InlineData("/..;/..;/manager/html", "/manager/html")]
    [InlineData("/.env;x=1", "/.env")]
    [InlineData("/.git;a/config;b", "/.git/config")]
    [InlineData("/.env%00.png", "/.env")]
    [InlineData("/.env.", "/.env")]
    [InlineData("/.env%20", "/.env")]
    [InlineData("/web.config::$DATA", "/web.config")]
    [InlineData("/100%", "/100%")]
    [InlineData("/%zz%2", "/%zz%2")]
    [InlineData("/caf%C3%A9", "/café")]
    public void Every_spelling_has_one_form(string raw, string canonical)
    {
        var path = new CanonicalPath();
        path.Read(Encoding.UTF8.GetBytes(raw));
        Encoding.UTF8.GetString(path.Path).ShouldBe(canonical);
    }

    [Theory]
    [InlineData("/a?q=a+b%20c", "q=a b c")]
    [InlineData("/a?id=1+UNION%0a/**/%53ELECT", "id=1 union select")]
    [InlineData("/a?file=..%252f..%252fetc", "file=../../etc")]
    [InlineData("/a?x=1?y", "x=1?y")]
    [InlineData("/a?", "")]
    public void The_query_is_decoded_too(string raw, string query)
    {
        var path = new CanonicalPath();
        path.Read(Encoding.UTF8.GetBytes(raw));
        Encoding.UTF8.GetString(path.Query).ShouldBe(query);
        Encoding.UTF8.GetString(path.Path).ShouldBe("/a");
    }

    [Theory]
    [InlineData("/a/b", false, false)]
    [InlineData("/a%20b/%C3%A9.png", false, false)]
    [InlineData("/..%2fx", true, false)]
    [InlineData("/%252e%252e/x", true, true)]
    [InlineData("/x%00", false, true)]
    [InlineData("/%C0%AEenv", false, true)]
    [InlineData("/api/v4/projects/group%2Fproject", false, false)]
    public void Tricks_are_facts(string raw, bool traversal, bool trick)
    {
        var path = new CanonicalPath();
        path.Read(Encoding.UTF8.GetBytes(raw));
        path.Flags.HasFlag(FactFlags.Traversal).ShouldBe(traversal);
        path.Flags.HasFlag(FactFlags.Trick).ShouldBe(trick);
    }

    [Fact]
    public void Hostile_bytes_never_throw_and_the_buffers_are_reused()
    {
        var path = new CanonicalPath();
        var random = new Random(7);
        for (var i = 0; i < 3000; i++)
        {
            var bytes = new byte[random.Next(0, i % 50 == 0 ? 66_000 : 120)];
            random.NextBytes(bytes);
            for (var j = 0; j < bytes.Length; j++)
            {
                bytes[j] = (byte)(bytes[j] % 4 == 0 ? (byte)"/%.;\\?25eEcC0aAfFuU\0 "[bytes[j] / 4 % 21] : bytes[j]);
            }

            path.Read(bytes);
            path.Path.Length.ShouldBeLessThanOrEqualTo(bytes.Length + 1);
            path.Path[0].ShouldBe((byte)'/');
            path.SegmentCount.ShouldBeLessThanOrEqualTo(ClassifierScratch.MaxSegments);
            for (var s = 0; s < path.SegmentCount; s++)
            {
                path.Segment(s).IsEmpty.ShouldBeFalse();
            }
        }
    }
}
