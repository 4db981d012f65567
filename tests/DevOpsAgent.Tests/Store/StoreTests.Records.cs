using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Incidents;

namespace DevOpsAgent.Tests.Store;

public abstract partial class StoreTests
{
    [Fact]
    public void A_block_reads_back_and_changes()
    {
        var sent = Sample.Block("2001:db8::/64") with { Offence = 3, Result = null, Status = BlockStatus.Pending };
        var id = Store.AddBlock(sent);
        Store.GetBlock(id).ShouldBe(sent with { Id = id });
        Store.UpdateBlock(id, BlockStatus.Active, "written", Sample.Start.AddSeconds(1));
        Store.GetBlock(id).ShouldBe(sent with { Id = id, Status = BlockStatus.Active, Result = "written", UpdatedAt = Sample.Start.AddSeconds(1) });
        Store.UpdateBlock(id, BlockStatus.Active, null, Sample.Start.AddSeconds(2), Sample.Start.AddHours(9));
        Store.GetBlock(id)!.ExpiresAt.ShouldBe(Sample.Start.AddHours(9));
        Store.GetBlock(id + 1).ShouldBeNull();
    }

    [Fact]
    public void Live_blocks_and_their_listing()
    {
        var ids = Enum.GetValues<BlockStatus>().ToDictionary(static s => s, s => Store.AddBlock(Sample.Block(status: s)));
        Store.GetLiveBlocks().Select(static b => b.Status).ShouldBe([BlockStatus.Pending, BlockStatus.Active, BlockStatus.Unconfirmed]);
        Store.ListBlocks(true, 2, 0, out var live).Select(static b => b.Id).ShouldBe([ids[BlockStatus.Unconfirmed], ids[BlockStatus.Active]]);
        live.ShouldBe(3);
        Store.ListBlocks(false, 10, 4, out var all).Count.ShouldBe(2);
        all.ShouldBe(6);
    }

    [Fact]
    public void Offences_are_blocks_of_exactly_this_range()
    {
        Store.AddBlock(Sample.Block("203.0.113.7", status: BlockStatus.Expired));
        Store.AddBlock(Sample.Block("203.0.113.7") with { CreatedAt = Sample.Start.AddDays(-40) });
        Store.AddBlock(Sample.Block("203.0.113.0/24"));
        Store.CountOffences(AddressRange.Parse("203.0.113.7/32"), Sample.Start.AddDays(-30)).ShouldBe(1);
        Store.CountOffences(AddressRange.Parse("203.0.113.7"), Sample.Start).ShouldBe(1);
        Store.CountBlocksSince(Sample.Start).ShouldBe(2);
        Store.CountBlocksSince(Sample.Start.AddTicks(1)).ShouldBe(0);
    }

    [Fact]
    public void An_action_is_open_until_its_result_is_known()
    {
        var incident = Store.Add(Sample.Incident()).Id;
        var sent = new ActionRecord
        {
            IncidentId = incident, ActionType = "block", Mode = Mode.Auto, IntendedAt = Sample.Start, ApprovedBy = "auto", Origin = "service", Subject = "203.0.113.7/32 for 4 h",
        };
        var id = Store.AddAction(sent);
        var byHand = Store.AddAction(sent with { IncidentId = null, Mode = Mode.Review });
        Store.GetActions(null, openOnly: true, 10).ShouldBe([sent with { Id = byHand, IncidentId = null, Mode = Mode.Review }, sent with { Id = id }]);

        Store.CompleteAction(id, Sample.Start.AddSeconds(1), "written", "devops-agent blocks remove 12");
        Store.GetActions(null, openOnly: true, 10).ShouldHaveSingleItem().Id.ShouldBe(byHand);
        Store.GetActions(incident, openOnly: false, 10).ShouldHaveSingleItem()
            .ShouldBe(sent with { Id = id, AppliedAt = Sample.Start.AddSeconds(1), Result = "written", Undo = "devops-agent blocks remove 12" });
        Store.GetActions(null, openOnly: false, 1).ShouldHaveSingleItem();
    }

    [Fact]
    public void Allowlist_entries()
    {
        var id = Store.AddAllowlistEntry(Sample.Entry("monitor.example.com"));
        Store.AddAllowlistEntry(Sample.Entry("monitor.example.com") with { Description = "twice" }).ShouldBe(id);
        var changed = Sample.Entry("monitor.example.com", Sample.Start.AddDays(1)) with { Id = id, Description = "ours", Resolved = ["203.0.113.7"], ResolvedAt = Sample.Start };
        Store.UpdateAllowlistEntry(changed);
        var read = Store.GetAllowlist().ShouldHaveSingleItem();
        read.Resolved.ShouldBe(["203.0.113.7"]);
        (read with { Resolved = changed.Resolved }).ShouldBe(changed);

        Store.SaveAllowlist([read with { Description = "saved" }, Sample.Entry("203.0.113.0/24")]);
        Store.GetAllowlist().Select(static e => (e.Value, e.Description)).ShouldBe([("monitor.example.com", "saved"), ("203.0.113.0/24", "")]);
        Store.RemoveAllowlistEntry(id).ShouldBeTrue();
        Store.RemoveAllowlistEntry(id).ShouldBeFalse();
    }

    [Fact]
    public void Settings()
    {
        Store.GetSetting("mode").ShouldBeNull();
        Store.SetSetting("mode", "auto");
        Store.SetSetting("mode", "review");
        Store.GetSetting("mode").ShouldBe("review");
        Store.SetSetting("mode", null);
        Store.GetSetting("mode").ShouldBeNull();
    }

    [Fact]
    public void Pruning_takes_what_is_closed_and_old_and_nothing_else()
    {
        long Closed(string client, DateTimeOffset at)
        {
            var id = Store.Add(Sample.Incident(client) with { UpdatedAt = at }).Id;
            Store.TryTransition(id, [IncidentStatus.Recommended], Sample.Change(IncidentStatus.Rejected, at: at), null, out _).ShouldBeTrue();
            return id;
        }

        var old = Sample.Start.AddDays(-100);
        var gone = Closed("203.0.113.1", old);
        var recent = Closed("203.0.113.2", Sample.Start);
        var open = Store.Add(Sample.Incident("203.0.113.3") with { UpdatedAt = old }).Id;
        var blocked = Closed("203.0.113.4", old);
        Store.AddBlock(Sample.Block("203.0.113.4", blocked));
        var endedBlock = Store.AddBlock(Sample.Block("203.0.113.1", gone, BlockStatus.Expired) with { UpdatedAt = old });
        Store.CompleteAction(Store.AddAction(new()
        {
            IncidentId = gone, ActionType = "block", Mode = Mode.Auto, IntendedAt = old, ApprovedBy = "auto", Origin = "service", Subject = "x",
        }), old, "written", null);

        Store.Prune(Sample.Start.AddDays(-90)).ShouldBe(1);
        Store.GetIncident(gone).ShouldBeNull();
        Store.GetHistory(gone).ShouldBeEmpty();
        Store.GetBlock(endedBlock).ShouldBeNull();
        Store.GetActions(null, false, 10).ShouldBeEmpty();
        new[] { recent, open, blocked }.ShouldAllBe(id => Store.GetIncident(id) != null && Store.GetHistory(id).Count > 0);
        Store.Prune(Sample.Start.AddDays(-90)).ShouldBe(0);
    }
}
