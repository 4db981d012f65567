using DevOpsAgent.Addresses;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Tests.Incidents;

namespace DevOpsAgent.Tests.Store;

public abstract partial class StoreTests
{
    [Fact]
    public void A_listing_filters_and_orders()
    {
        Store.Add(Sample.Incident("203.0.113.1") with { Severity = Severity.Critical, Threat = "credential-stuffing" });
        Store.Add(Sample.Incident("203.0.113.2", IncidentStatus.Open) with { Severity = Severity.Low, UpdatedAt = Sample.Start.AddMinutes(1) });
        Store.Add(Sample.Incident("203.0.113.3", IncidentStatus.Allowed) with { UpdatedAt = Sample.Start.AddMinutes(2) });

        Listed(new()).ShouldBe(["203.0.113.3", "203.0.113.2", "203.0.113.1"]);
        Listed(new() { BySeverity = true }).ShouldBe(["203.0.113.1", "203.0.113.3", "203.0.113.2"]);
        Listed(new() { Statuses = [IncidentStatus.Open, IncidentStatus.Recommended] }).ShouldBe(["203.0.113.2", "203.0.113.1"]);
        Listed(new() { Statuses = [] }).ShouldBeEmpty();
        Listed(new() { MinSeverity = Severity.High }).ShouldBe(["203.0.113.3", "203.0.113.1"]);
        Listed(new() { Threat = "credential-stuffing" }).ShouldBe(["203.0.113.1"]);
        Listed(new() { UpdatedBefore = Sample.Start.AddMinutes(1) }).ShouldBe(["203.0.113.1"]);
        Listed(new() { Client = ClientAddress.Parse("::ffff:203.0.113.2") }).ShouldBe(["203.0.113.2"]);
        Listed(new() { Client = ClientAddress.Parse("203.0.113.20") }).ShouldBeEmpty();
    }

    [Fact]
    public void A_listing_without_evidence_has_all_else()
    {
        var stored = Store.Add(Sample.Incident());
        var light = Store.ListIncidents(new() { WithoutEvidence = true }).Items.ShouldHaveSingleItem();
        light.Evidence.Samples.ShouldBeEmpty();
        Json(light with { Evidence = stored.Evidence }).ShouldBe(Json(stored));
    }

    [Theory]
    [InlineData("203.0.113.1")]
    [InlineData("CREDENTIAL-stuff")]
    [InlineData("Größe")]
    [InlineData("/admin/%2e%2e/100%_done")]
    [InlineData("2001:db8:0:0::77")]
    [InlineData("2001:db8::/64")]
    [InlineData(" 198.51.100 ")]
    public void A_search_looks_in_subject_clients_threat_summary_and_paths(string search)
    {
        var clients = Enumerable.Range(1, 300).Select(static i => ClientAddress.FromIPv4(0xC6336400u + (uint)i)).Append(ClientAddress.Parse("2001:db8::77"));
        Store.Add(Sample.Incident("203.0.113.1") with
        {
            Threat = "credential-stuffing",
            Summary = "Tried 40 passwords of GRÖSSE and Größe.",
            Evidence = Sample.Evidence("/ADMIN/%2e%2e/100%_done"),
            IsCampaign = true,
            Clients = [.. clients.Order()],
        });
        Store.Add(Sample.Incident("192.0.2.50"));
        Listed(new() { Search = search }).ShouldBe(["203.0.113.1"]);
    }

    [Theory]
    [InlineData("%")]
    [InlineData("' OR 1=1 --")]
    [InlineData("0.0.0.0/33")]
    public void Hostile_search_is_text(string search)
    {
        Store.Add(Sample.Incident());
        Listed(new() { Search = search }).ShouldBeEmpty();
    }

    [Fact]
    public void Five_thousand_incidents_are_paged_through_without_gap_or_double()
    {
        Store.Commit(new()
        {
            Incidents = [.. Enumerable.Range(0, 5000).Select(static i => new DevOpsAgent.Store.IncidentChange(
                Sample.Incident(ClientAddress.FromIPv4(0x0A000001u + (uint)i).ToString()) with { Severity = (Severity)(i % 4), UpdatedAt = Sample.Start.AddSeconds(i % 50) }, null))],
        });
        var seen = new HashSet<long>();
        for (var offset = 0; offset < 5000; offset += 500)
        {
            var page = Store.ListIncidents(new() { BySeverity = true, Offset = offset, Limit = 500 });
            page.Total.ShouldBe(5000);
            page.Items.Count.ShouldBe(500);
            page.Items.Select(static i => (i.Severity, i.UpdatedAt)).ShouldBeInOrder(SortDirection.Descending);
            seen.UnionWith(page.Items.Select(static i => i.Id));
        }

        seen.Count.ShouldBe(5000);
        Store.ListIncidents(new() { Search = "10.0.19.1", Limit = 5 }).Total.ShouldBe(48);
        Store.ListIncidents(new() { Offset = 5000 }).Items.ShouldBeEmpty();
        Store.ListIncidents(new() { Limit = 0 }).Total.ShouldBe(5000);
    }

    private List<string> Listed(DevOpsAgent.Store.IncidentQuery query)
    {
        var page = Store.ListIncidents(query);
        page.Total.ShouldBe(page.Items.Count);
        return [.. page.Items.Select(static i => i.Subject)];
    }
}
