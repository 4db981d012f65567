using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Traefik;
using YamlDotNet.Serialization;

namespace DevOpsAgent.Tests.Traefik;

public sealed class DenyFileTests
{
    private static readonly string[] EntryPoints = ["web", "websecure"];

    [Theory]
    [InlineData("one")]
    [InlineData("carve-out")]
    [InlineData("thirty")]
    public void The_content_is_that_of_the_case(string name)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Cases", "traefik", name);
        var lines = File.ReadAllLines(Path.Combine(folder, "ranges.txt"));
        var list = List(
            lines.Where(static l => l.StartsWith("deny ", StringComparison.Ordinal)).Select(static l => l[5..]),
            lines.Where(static l => l.StartsWith("open ", StringComparison.Ordinal)).Select(static l => l[5..]));
        DenyFile.Render(list, EntryPoints).ShouldBe(File.ReadAllText(Path.Combine(folder, "expected.yaml")));
    }

    [Fact]
    public void A_yaml_reader_sees_the_proven_form_and_the_rule_as_one_line()
    {
        var list = List(Enumerable.Range(1, 200).Select(static i => $"203.0.113.{i}").Append("2001:db8:7::/64"), []);
        var http = Read(DenyFile.Render(list, EntryPoints));
        http.Keys.ShouldBe(["routers", "middlewares"], ignoreOrder: true);

        var routers = (Dictionary<object, object>)http["routers"];
        routers.Keys.ShouldBe(["devops-agent-deny", "devops-agent-deny-tls"], ignoreOrder: true);
        foreach (var (name, value) in routers)
        {
            var router = (Dictionary<object, object>)value;
            router["entryPoints"].ShouldBe(EntryPoints.Cast<object>().ToList());
            router["rule"].ShouldBe(DenyRule.Text(list.Ranges, list.CarveOuts));
            router["priority"].ShouldBe("2147482647");
            router["middlewares"].ShouldBe(new List<object> { "devops-agent-deny" });
            router["service"].ShouldBe("noop@internal");
            router.ContainsKey("tls").ShouldBe(Equals(name, "devops-agent-deny-tls"));
        }

        ((Dictionary<object, object>)((Dictionary<object, object>)routers["devops-agent-deny-tls"])["tls"]).ShouldBeEmpty();
        var allow = (Dictionary<object, object>)((Dictionary<object, object>)((Dictionary<object, object>)http["middlewares"])["devops-agent-deny"])["ipAllowList"];
        allow["sourceRange"].ShouldBe(new List<object> { "255.255.255.255/32" });
    }

    [Fact]
    public void Behind_a_balancer_the_header_is_matched_besides_the_peer()
    {
        var list = List(["203.0.113.7"], []);
        var http = Read(DenyFile.Render(list, EntryPoints, forwarded: true));
        var routers = (Dictionary<object, object>)http["routers"];
        routers.Keys.ShouldBe(["devops-agent-deny", "devops-agent-deny-tls", "devops-agent-deny-forwarded", "devops-agent-deny-forwarded-tls"], ignoreOrder: true);
        ((Dictionary<object, object>)routers["devops-agent-deny-forwarded"])["rule"].ShouldBe(ForwardedRule.Text(list.Ranges, []));
        DenyFile.Routers(list, forwarded: true).Select(static r => r.Name).ShouldBe(routers.Keys.Cast<string>());
        DenyFile.Render(List(["203.0.113.7"], ["203.0.113.0/24"]), EntryPoints, forwarded: true).ShouldBe("");
    }

    [Fact]
    public void Nothing_to_deny_is_no_file_because_an_empty_routers_key_takes_every_route_down()
    {
        DenyFile.Render(DenyList.Empty, EntryPoints).ShouldBe("");
        DenyFile.Render(List(["203.0.113.7"], ["203.0.113.0/24"]), EntryPoints).ShouldBe("");
    }

    [Fact]
    public void More_than_a_router_carries_goes_to_a_second_pair()
    {
        var list = new DenyList([.. Enumerable.Range(0, DenyRule.MaxRanges + 1).Select(static i => AddressRange.Single(ClientAddress.FromIPv4(0x01000000 + (uint)(i * 2))))], []);
        DenyFile.Routers(list).Select(static r => r.Name).ShouldBe(["devops-agent-deny", "devops-agent-deny-tls", "devops-agent-deny-2", "devops-agent-deny-2-tls"]);
        var routers = (Dictionary<object, object>)Read(DenyFile.Render(list, EntryPoints))["routers"];
        ((Dictionary<object, object>)routers["devops-agent-deny-2"])["rule"].ShouldBe($"ClientIP(`{list.Ranges[^1]}`)");
    }

    [Fact]
    public void A_changed_byte_is_told_from_an_old_list()
    {
        var text = DenyFile.Render(List(["203.0.113.7"], []), EntryPoints);
        DenyFile.IsUntouched(text).ShouldBeTrue();
        DenyFile.IsUntouched(text.Replace("203.0.113.7", "203.0.113.8")).ShouldBeFalse();
        DenyFile.IsOurs(text.Replace("203.0.113.7", "203.0.113.8")).ShouldBeTrue();
        DenyFile.IsOurs("http:\n  routers:\n").ShouldBeFalse();
    }

    private static DenyList List(IEnumerable<string> ranges, IEnumerable<string> carveOuts) =>
        new([.. ranges.Select(AddressRange.Parse)], [.. carveOuts.Select(AddressRange.Parse)]);

    internal static Dictionary<object, object> Read(string yaml) =>
        (Dictionary<object, object>)new DeserializerBuilder().Build().Deserialize<Dictionary<object, object>>(yaml)["http"];
}
