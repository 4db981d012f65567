using System.Text;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;

namespace DevOpsAgent.Tests.Detection;

public sealed class PatternListsTests
{
    [Theory]
    [InlineData("/a/b", "/a/b", true)]
    [InlineData("/a/b", "/a/b/", true)]
    [InlineData("/a/b", "/x/a/b", false)]
    [InlineData("/a/*", "/a/b/c", true)]
    [InlineData("/a/*", "/a/", true)]
    [InlineData("/a/*", "/a", false)]
    [InlineData("/a/*", "/ab", false)]
    [InlineData(".env", "/x/.env", true)]
    [InlineData(".env", "/x.env", false)]
    [InlineData(".env", "/.env/x", false)]
    [InlineData("config/app.php", "/x/config/app.php", true)]
    [InlineData("config/app.php", "/xconfig/app.php", false)]
    [InlineData(".env*", "/.env.local", true)]
    [InlineData(".env*", "/x.env", false)]
    [InlineData("*.pem", "/a/key.pem", true)]
    [InlineData("*.tar.gz", "/a.tar.gz", true)]
    [InlineData("*.tar.gz", "/tar.gz", false)]
    [InlineData("config/*.yml", "/x/config/a.yml", true)]
    [InlineData("config/*.yml", "/x/a.yml", false)]
    [InlineData("/*.php", "/x.php", true)]
    [InlineData("/*.php", "/a/x.php", false)]
    [InlineData(".git/**", "/x/.git/objects/aa", true)]
    [InlineData(".git/**", "/.git/", true)]
    [InlineData(".git/**", "/.git", false)]
    [InlineData(".git/**", "/team/site.git/info/refs", false)]
    [InlineData("~etc/passwd", "/..%2f..%2fetc%2fpasswd", true)]
    [InlineData("~;cat ", "/x;cat%20/etc", true)]
    public void A_pattern_matches_as_documented(string pattern, string path, bool matches) =>
        (Match($"{pattern}\n", path) != 0).ShouldBe(matches);

    [Theory]
    [InlineData("/.env", true)]
    [InlineData("/a/b/.env", true)]
    [InlineData("/a/b/c/.env", false)]
    [InlineData("/a/b/.git/config", true)]
    [InlineData("/a/b/c/.git/config", false)]
    [InlineData("/a/b/x.pem", true)]
    [InlineData("/a/b/c/x.pem", false)]
    public void Depth_counts_the_segments_before_the_match(string path, bool matches) =>
        (Match("#@depth 2\n.env\n.git/**\n*.pem\n", path) != 0).ShouldBe(matches);

    [Fact]
    public void Targets_and_stems()
    {
        Match("#@match query\n~union select\n", "/p?id=1+UNION%20SELECT").ShouldNotBe(0UL);
        Match("#@match query\n~union select\n", "/union%20select").ShouldBe(0UL);
        Match("#@stem\nadmin\n", "/admin.php").ShouldNotBe(0UL);
        Match("admin\n", "/admin.php").ShouldBe(0UL);
        var problems = new List<ConfigProblem>();
        var lists = new PatternLists([PatternListReader.Read("bad-agents", "f", "~nuclei\n", problems)]);
        lists.MatchAgent("mozilla nuclei/3"u8).ShouldBe(1UL);
    }

    [Theory]
    [InlineData("/A", "upper-case")]
    [InlineData("~x", "too short")]
    [InlineData("*", "every path")]
    [InlineData("/*", "every path")]
    [InlineData("a*b*c", "one '*'")]
    [InlineData("a*/b", "last segment")]
    [InlineData("a//b", "empty segment")]
    [InlineData("#@depth x", "Unknown directive")]
    [InlineData("#@match body", "Unknown directive")]
    public void A_wrong_pattern_is_a_problem_with_its_line(string line, string message)
    {
        var problems = new List<ConfigProblem>();
        PatternListReader.Read("l", "l.txt", "# head\n" + line + "\n", problems);
        problems.ShouldHaveSingleItem();
        problems[0].Line.ShouldBe(2);
        problems[0].Message.ShouldContain(message);
    }

    [Fact]
    public void The_automaton_finds_what_a_search_finds()
    {
        var random = new Random(3);
        string Text(int most) => new([.. Enumerable.Range(0, random.Next(1, most)).Select(_ => "abc"[random.Next(3)])]);
        for (var round = 0; round < 200; round++)
        {
            var texts = Enumerable.Range(0, 12).Select(i => (Text(6), 1UL << i)).ToArray();
            var automaton = new SubstringAutomaton([.. texts.Select(t => (Encoding.ASCII.GetBytes(t.Item1), t.Item2))]);
            var haystack = Text(40);
            var expected = texts.Where(t => haystack.Contains(t.Item1, StringComparison.Ordinal)).Aggregate(0UL, (m, t) => m | t.Item2);
            automaton.Match(Encoding.ASCII.GetBytes(haystack)).ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0")]
    [InlineData("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0")]
    [InlineData("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1")]
    [InlineData("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")]
    [InlineData("Mozilla/5.0 (Linux) mirall/3.14.1 (Nextcloud, linuxmint-6.8 ClientArchitecture: x86_64 OsArchitecture: x86_64)")]
    [InlineData("curl/8.10.1")]
    [InlineData("python-requests/2.32.3")]
    [InlineData("Go-http-client/2.0")]
    [InlineData("okhttp/4.12.0")]
    [InlineData("Prometheus/2.53.1")]
    [InlineData("docker/26.1.4 go/go1.21.11 git-commit/de5c9cf kernel/6.1.0 os/linux arch/amd64 UpstreamClient(Docker-Client/26.1.4 \\(linux\\))")]
    [InlineData("git/2.39.5")]
    [InlineData("Mozilla/5.0 (compatible; LinkChecker/10.2.1; +https://linkchecker.github.io/linkchecker/)")]
    public void An_ordinary_agent_is_in_no_built_in_list(string agent)
    {
        var lists = RuleLibrary.Load(new()).Lists;
        lists.NamesOf(lists.MatchAgent(Encoding.ASCII.GetBytes(agent.ToLowerInvariant()))).ShouldBeEmpty();
    }

    private static ulong Match(string list, string path)
    {
        var problems = new List<ConfigProblem>();
        var lists = new PatternLists([PatternListReader.Read("l", "l.txt", list, problems)]);
        problems.ShouldBeEmpty();
        var canonical = new CanonicalPath();
        canonical.Read(Encoding.UTF8.GetBytes(path));
        return lists.MatchPath(canonical);
    }
}
