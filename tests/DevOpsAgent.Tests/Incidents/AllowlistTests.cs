using DevOpsAgent.Addresses;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Store;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Incidents;

public sealed class AllowlistTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StillClock _clock = new();
    private readonly SqliteStore _store;
    private readonly Allowlist _allowlist;
    private readonly Dictionary<string, string[]?> _dns = new(StringComparer.Ordinal);
    private int _asked;

    public AllowlistTests()
    {
        _store = new(_directory.File("agent.db"));
        _allowlist = new(_clock, (name, _) =>
        {
            _asked++;
            return _dns.GetValueOrDefault(name) is { } answer
                ? Task.FromResult<IReadOnlyList<ClientAddress>>([.. answer.Select(ClientAddress.Parse)])
                : Task.FromException<IReadOnlyList<ClientAddress>>(new IOException("no such host"));
        });
    }

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Addresses_and_ranges()
    {
        _allowlist.Load([Sample.Entry("203.0.113.7"), Sample.Entry("198.51.100.0/24"), Sample.Entry("2001:db8::/48")]);
        Allowed("203.0.113.7").ShouldBe("203.0.113.7");
        Allowed("203.0.113.8").ShouldBeNull();
        Allowed("198.51.100.255").ShouldBe("198.51.100.0/24");
        Allowed("2001:db8:0:ffff::1").ShouldBe("2001:db8::/48");
        Allowed("2001:db8:1::1").ShouldBeNull();
    }

    [Fact]
    public void A_range_of_one_family_allows_nothing_of_the_other()
    {
        _allowlist.Load([Sample.Entry("::/0")]);
        Allowed("203.0.113.7").ShouldBeNull();
        Allowed("2001:db8::1").ShouldBe("::/0");
        _allowlist.Load([Sample.Entry("0.0.0.0/0")]);
        Allowed("2001:db8::1").ShouldBeNull();
    }

    [Fact]
    public void An_entry_ends_at_its_expiry_and_a_wider_or_longer_one_takes_over()
    {
        _allowlist.Load([Sample.Entry("203.0.113.7", Sample.Start.AddHours(1)), Sample.Entry("203.0.113.0/24", Sample.Start.AddHours(2))]);
        Allowed("203.0.113.7").ShouldNotBeNull();
        _clock.Now += TimeSpan.FromHours(1);
        Allowed("203.0.113.7").ShouldBe("203.0.113.0/24");
        _clock.Now += TimeSpan.FromHours(1);
        Allowed("203.0.113.7").ShouldBeNull();

        _allowlist.Load([Sample.Entry("monitor.example") with { Resolved = ["203.0.113.7"] }, Sample.Entry("203.0.113.7", Sample.Start)]);
        Allowed("203.0.113.7").ShouldBe("monitor.example");
    }

    [Fact]
    public void What_is_carved_out_of_a_range()
    {
        _allowlist.Load([Sample.Entry("203.0.113.7"), Sample.Entry("203.0.113.64/26"), Sample.Entry("203.0.114.0"), Sample.Entry("203.0.112.0/24"), Sample.Entry("203.0.113.9", Sample.Start)]);
        Carved("203.0.113.0/24").ShouldBe(["203.0.113.7", "203.0.113.64/26"]);
        Carved("203.0.113.64/27").ShouldBe(["203.0.113.64/27"]);
        Carved("203.0.113.7").ShouldBe(["203.0.113.7"]);
        Carved("203.0.113.8").ShouldBeEmpty();
        Carved("203.0.113.128/25").ShouldBeEmpty();
    }

    [Fact]
    public void Ipv4_entries_do_not_hide_ipv6_ones_around_them()
    {
        _allowlist.Load([Sample.Entry("203.0.113.7"), Sample.Entry("::1"), Sample.Entry("::1:0:0:1")]);
        Carved("::/64").ShouldBe(["::1", "::1:0:0:1"]);
    }

    [Fact]
    public void Look_ups_agree_with_a_plain_walk()
    {
        var range =
            from value in Gen.Choose(0, 0xFFFF)
            from length in Gen.Choose(14, 32)
            select new AddressRange(ClientAddress.FromIPv4(0xCB000000u + (uint)value), length);
        Prop.ForAll(range.ListOf().ToArbitrary(), range.ToArbitrary(), (entries, asked) =>
        {
            _allowlist.Load([.. entries.Select(static e => Sample.Entry(e.ToString()))]);
            var distinct = entries.Distinct().ToList();
            var expected = distinct.Exists(e => e.Contains(asked)) ? [asked] : distinct.Where(asked.Contains).Order().ToList();
            return expected.SequenceEqual(_allowlist.Covering(asked, _clock.Now))
                && _allowlist.IsAllowed(asked.Address, _clock.Now, out _) == distinct.Exists(e => e.Contains(asked.Address));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Blocks_that_an_entry_lifts_or_opens()
    {
        var blocks = new[] { "203.0.113.7", "203.0.113.0/24", "203.0.0.0/16", "198.51.100.1" }.Select(static (r, i) => Sample.Block(r) with { Id = i + 1 }).ToList();
        var affected = Allowlist.Affected(Sample.Entry("203.0.113.0/24"), blocks);
        affected.Lift.Select(static b => b.Id).ShouldBe([1, 2]);
        affected.CarveOut.Select(static b => b.Id).ShouldBe([3]);
        Allowlist.Affected(Sample.Entry("monitor.example") with { Resolved = ["198.51.100.1"] }, blocks).Lift.ShouldHaveSingleItem().Id.ShouldBe(4);
        Allowlist.Affected(Sample.Entry("monitor.example"), blocks).Lift.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_name_stands_for_its_addresses_and_is_asked_again_every_five_minutes()
    {
        _store.AddAllowlistEntry(Sample.Entry("monitor.example"));
        _dns["monitor.example"] = ["203.0.113.7", "2001:db8::7", "127.0.0.1"];
        (await Refresh()).ShouldBe(1);
        Allowed("203.0.113.7").ShouldBe("monitor.example");
        Allowed("2001:db8::7").ShouldBe("monitor.example");
        Allowed("127.0.0.1").ShouldBe("monitor.example");

        _dns["monitor.example"] = ["198.51.100.1"];
        _clock.Now += Allowlist.RefreshInterval - TimeSpan.FromSeconds(1);
        (await Refresh()).ShouldBe(0);
        _asked.ShouldBe(1);
        _clock.Now += TimeSpan.FromSeconds(1);
        (await Refresh()).ShouldBe(1);
        Allowed("203.0.113.7").ShouldBeNull();
        Allowed("198.51.100.1").ShouldBe("monitor.example");
    }

    [Fact]
    public async Task A_name_keeps_its_last_addresses_while_dns_is_down_also_after_a_restart()
    {
        _store.AddAllowlistEntry(Sample.Entry("monitor.example"));
        _dns["monitor.example"] = ["203.0.113.7"];
        await Refresh();
        foreach (var down in new[] { null, Array.Empty<string>() })
        {
            _dns["monitor.example"] = down;
            _clock.Now += TimeSpan.FromDays(1);
            (await Refresh()).ShouldBe(0);
            Allowed("203.0.113.7").ShouldBe("monitor.example");
        }

        var next = new Allowlist(_clock, static (_, _) => throw new IOException());
        next.Load(_store.GetAllowlist());
        next.IsAllowed(ClientAddress.Parse("203.0.113.7"), _clock.Now, out _).ShouldBeTrue();
    }

    [Fact]
    public async Task A_zone_that_names_half_the_internet_gets_only_so_many()
    {
        _store.AddAllowlistEntry(Sample.Entry("evil.example"));
        _dns["evil.example"] = [.. Enumerable.Range(1, 5000).Select(static i => ClientAddress.FromIPv4((uint)i << 8).ToString())];
        await Refresh();
        _allowlist.Entries.ShouldHaveSingleItem().Resolved.Count.ShouldBe(Allowlist.MaxAddressesPerName);
    }

    [Fact]
    public async Task An_expired_name_is_not_asked_for_and_one_that_was_just_added_is_when_told_so()
    {
        _dns["monitor.example"] = ["203.0.113.7"];
        _store.AddAllowlistEntry(Sample.Entry("monitor.example", Sample.Start));
        _store.AddAllowlistEntry(Sample.Entry("203.0.113.9"));
        (await _allowlist.RefreshNamesAsync(_store, all: true, TestContext.Current.CancellationToken)).ShouldBe(0);
        _asked.ShouldBe(0);
        Allowed("203.0.113.9").ShouldNotBeNull();
    }

    private Task<int> Refresh() => _allowlist.RefreshNamesAsync(_store, all: false, TestContext.Current.CancellationToken);

    private string? Allowed(string address) => _allowlist.IsAllowed(ClientAddress.Parse(address), _clock.Now, out var entry) ? entry!.Value : null;

    private IEnumerable<string> Carved(string range) => _allowlist.Covering(AddressRange.Parse(range), _clock.Now).Select(static r => r.ToString());
}
