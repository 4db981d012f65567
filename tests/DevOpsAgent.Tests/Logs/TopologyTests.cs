using System.Text;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Tests.Logs;

public sealed class TopologyTests
{
    private Topology _topology = new(ClientResolver.Direct);

    [Fact]
    public void A_recording_of_direct_clients()
    {
        var parser = new LineParser(ClientResolver.Direct);
        foreach (var line in ParsedLine.Lines("logs/traefik-v3.jsonl"))
        {
            parser.TryParse(line, out var e, out _).ShouldBeTrue();
            _topology.Observe(e);
        }

        Verdict().ShouldBe(TopologyVerdict.Direct);
    }

    [Fact]
    public void A_recording_of_accepted_headers_from_anybody()
    {
        var parser = new LineParser(ClientResolver.Direct);
        foreach (var line in ParsedLine.Lines("awkward/access.jsonl"))
        {
            if (parser.TryParse(line, out var e, out _))
            {
                _topology.Observe(e);
            }
        }

        Verdict().ShouldBe(TopologyVerdict.HeaderSpoofed);
        _topology.Report().Sentence.ShouldContain("forwardedHeaders.insecure");
    }

    [Fact]
    public void Clf_alone_tells_nothing()
    {
        for (var i = 0; i < 1000; i++)
        {
            Feed(null, "198.51.100.7");
        }

        Verdict().ShouldBe(TopologyVerdict.Unknown);
        _topology.Report().Sentence.ShouldContain("format to json");
        _topology.Report().LinesWithoutPeer.ShouldBe(1000);
    }

    [Fact]
    public void A_few_lines_tell_nothing()
    {
        Feed("10.0.0.1", "198.51.100.7");
        Verdict().ShouldBe(TopologyVerdict.Unknown);
    }

    [Fact]
    public void Two_private_balancers_with_many_clients()
    {
        for (var i = 0; i < 200; i++)
        {
            Feed($"10.0.0.{i % 2 + 1}", $"198.51.100.{i % 90}");
        }

        var report = _topology.Report();
        report.Verdict.ShouldBe(TopologyVerdict.BehindBalancer);
        report.PeerBlockHitsBalancer.ShouldBeTrue();
        report.ProposedTrustedProxies.ShouldBe([AddressRange.Parse("10.0.0.1"), AddressRange.Parse("10.0.0.2")], ignoreOrder: true);
        report.Sentence.ShouldContain("10.0.0.1/32");
    }

    [Fact]
    public void A_trusted_balancer_is_still_what_a_block_would_hit()
    {
        _topology = new(new ClientResolver([AddressRange.Parse("10.0.0.0/24")]));
        for (var i = 0; i < 200; i++)
        {
            Feed("10.0.0.1", $"198.51.100.{i % 90}");
        }

        var report = _topology.Report();
        report.PeerBlockHitsBalancer.ShouldBeTrue();
        report.ProposedTrustedProxies.ShouldBeEmpty();
    }

    [Fact]
    public void The_edge_of_a_provider_has_many_public_peers()
    {
        for (var i = 0; i < 4000; i++)
        {
            Feed($"203.0.113.{i % 100}", $"198.51.{i % 7}.{i % 251}");
        }

        var report = _topology.Report();
        report.Verdict.ShouldBe(TopologyVerdict.BehindBalancer);
        report.ProposedTrustedProxies.Count.ShouldBe(16);
        report.Sentence.ShouldContain("the rest of their ranges");
    }

    [Fact]
    public void All_lines_from_a_container_gateway()
    {
        for (var i = 0; i < 200; i++)
        {
            Feed("172.17.0.1", "172.17.0.1");
        }

        var report = _topology.Report();
        report.Verdict.ShouldBe(TopologyVerdict.BehindBalancer);
        report.Sentence.ShouldContain("hide the clients");
    }

    [Fact]
    public void One_busy_office_is_no_balancer()
    {
        for (var i = 0; i < 1000; i++)
        {
            Feed("203.0.113.74", "203.0.113.74");
        }

        Verdict().ShouldBe(TopologyVerdict.Direct);
    }

    [Fact]
    public void A_client_with_many_invented_headers_is_no_balancer()
    {
        // Attack: to look like a balancer, so that auto is refused, or worse, that a person trusts the attacker's address.
        for (var i = 0; i < 3000; i++)
        {
            Feed(i % 4 == 0 ? "203.0.113.66" : $"192.0.2.{i % 200}", i % 4 == 0 ? $"198.51.100.{i % 250}" : $"192.0.2.{i % 200}");
        }

        var report = _topology.Report();
        report.Verdict.ShouldBe(TopologyVerdict.HeaderSpoofed);
        report.PeerBlockHitsBalancer.ShouldBeFalse();
        report.ProposedTrustedProxies.ShouldBeEmpty();
    }

    [Fact]
    public void A_flood_of_peers_is_bounded()
    {
        for (var i = 0; i < 20_000; i++)
        {
            Feed($"198.18.{i / 250}.{i % 250 + 1}", $"198.18.{i / 250}.{i % 250 + 1}");
        }

        Verdict().ShouldBe(TopologyVerdict.Direct);
        _topology.Report().Sentence.ShouldContain("512 or more peers");
    }

    [Fact]
    public void Threads_merge()
    {
        Topology other = new(ClientResolver.Direct);
        for (var i = 0; i < 100; i++)
        {
            Feed("10.0.0.1", $"198.51.100.{i}");
            other.Observe(ClientAddress.Parse("10.0.0.2"), "198.51.100.7"u8);
        }

        _topology.Merge(other);
        _topology.Lines.ShouldBe(200);
        Verdict().ShouldBe(TopologyVerdict.BehindBalancer);
    }

    private TopologyVerdict Verdict() => _topology.Report().Verdict;

    private void Feed(string? peer, string clientHost) =>
        _topology.Observe(peer is null ? ClientAddress.None : ClientAddress.Parse(peer), Encoding.UTF8.GetBytes(clientHost));
}
