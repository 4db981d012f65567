using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;
using DevOpsAgent.Service;
using DevOpsAgent.Signing;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Guards;

namespace DevOpsAgent.Tests.Service;

/// <summary>What was approved is carried out, and the incident says what came of it: over the real store, gate, blocker and file.</summary>
public sealed class ResponderTests : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("responder-");
    private readonly SqliteStore _store;

    public ResponderTests()
    {
        _folder.CreateSubdirectory("dynamic");
        _store = new(Path.Combine(_folder.FullName, "agent.db"));
    }

    private string DenyFile => Path.Combine(_folder.FullName, "dynamic", "devops-agent.yaml");

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Approved_becomes_blocked_with_the_file_on_disk()
    {
        await using var parts = Parts();
        var id = Waiting("203.0.113.7");
        parts.Incidents.Approve(id, "anna", "test").Succeeded.ShouldBeTrue();
        (await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem().Status.ShouldBe(IncidentStatus.Blocked);
        File.ReadAllText(DenyFile).ShouldContain("ClientIP(`203.0.113.7`)");
        _store.GetHistory(id)[^1].Note!.ShouldContain("Written to");
        _store.GetLiveBlocks().ShouldHaveSingleItem().ApprovedBy.ShouldBe("anna");
        (await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_time_that_was_shown_is_the_time_that_is_given_even_to_a_repeat_offender()
    {
        await using var parts = Parts();
        var id = Waiting("203.0.113.7", TimeSpan.FromHours(8));
        var earlier = _store.AddBlock(new() { Range = AddressRange.Parse("203.0.113.7"), Reason = "before", CreatedAt = Now.AddDays(-1), ExpiresAt = Now.AddHours(-20), ApprovedBy = "anna", Status = BlockStatus.Pending, UpdatedAt = Now });
        _store.UpdateBlock(earlier, BlockStatus.Expired, null, Now);
        parts.Incidents.Approve(id, "anna", "test");
        await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken);
        var block = _store.GetLiveBlocks().ShouldHaveSingleItem();
        (block.ExpiresAt - block.CreatedAt).ShouldBe(TimeSpan.FromHours(8));
    }

    [Fact]
    public async Task A_campaign_is_blocked_but_for_those_who_may_not_be()
    {
        await using var parts = Parts();
        var id = Waiting("203.0.113.7", null, "203.0.113.9", "10.0.0.1");
        parts.Incidents.Approve(id, "anna", "test");
        (await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem().Status.ShouldBe(IncidentStatus.Blocked);
        _store.GetLiveBlocks().Select(static b => b.Range.ToString()).Order(StringComparer.Ordinal).ShouldBe(["203.0.113.7", "203.0.113.9"]);
        _store.GetHistory(id)[^1].Note!.ShouldContain("Not blocked: 10.0.0.1");
    }

    [Fact]
    public async Task Without_a_target_nothing_pretends_to_be_blocked()
    {
        await using var parts = Parts(static b => b with { Directory = null });
        var id = Waiting("203.0.113.7");
        parts.Incidents.Approve(id, "anna", "test");
        (await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem().Status.ShouldBe(IncidentStatus.Failed);
        _store.GetHistory(id)[^1].Note!.ShouldContain("blocking.directory");
        _store.GetLiveBlocks().ShouldBeEmpty();
    }

    [Fact]
    public async Task Above_the_cap_auto_goes_back_to_review_with_the_reason()
    {
        await using var parts = Parts(static b => b with { MaxNewBlocks = 1 }, Mode.Auto);
        foreach (var id in (long[])[Waiting("203.0.113.7"), Waiting("203.0.113.9")])
        {
            parts.Incidents.Approve(id, "auto", "service");
        }

        var moved = await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken);
        moved.Select(static i => i.Status).Order().ShouldBe([IncidentStatus.Recommended, IncidentStatus.Blocked]);
        moved.Single(static i => i.Status == IncidentStatus.Recommended).Recommendation!.Held!.ShouldContain("max_new_blocks");
    }

    [Fact]
    public async Task Mode_disabled_blocks_nothing_even_if_somebody_approved()
    {
        await using var parts = Parts(null, Mode.Disabled);
        parts.Incidents.Approve(Waiting("203.0.113.7"), "anna", "test");
        (await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken)).ShouldHaveSingleItem().Status.ShouldBe(IncidentStatus.Failed);
        File.Exists(DenyFile).ShouldBeFalse();
    }

    [Fact]
    public async Task The_last_block_that_ends_ends_the_incident()
    {
        await using var parts = Parts();
        var id = Waiting("203.0.113.7", null, "203.0.113.9");
        parts.Incidents.Approve(id, "anna", "test");
        await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken);
        var blocks = _store.GetLiveBlocks();
        _store.UpdateBlock(blocks[0].Id, BlockStatus.Expired, null, Now);
        parts.Responder.Ended(blocks[0], parts.Allowlist).ShouldBeNull();
        _store.UpdateBlock(blocks[1].Id, BlockStatus.Expired, null, Now);
        parts.Responder.Ended(blocks[1], parts.Allowlist)!.Status.ShouldBe(IncidentStatus.Expired);
    }

    [Fact]
    public async Task A_block_that_ended_by_the_allowlist_leaves_its_incident_allowed_whoever_was_first()
    {
        await using var parts = Parts();
        parts.Incidents.Approve(Waiting("203.0.113.7"), "anna", "test");
        await parts.Responder.ApplyAsync(TestContext.Current.CancellationToken);
        var block = _store.GetLiveBlocks().ShouldHaveSingleItem();
        _store.AddAllowlistEntry(new() { Value = "203.0.113.0/28", Description = "auditor", CreatedAt = Now });
        parts.Allowlist.Load(_store.GetAllowlist());

        // The service saw the entry before whoever added it came to settle the incidents.
        _store.UpdateBlock(block.Id, BlockStatus.Lifted, null, Now);
        var incident = parts.Responder.Ended(block, parts.Allowlist)!;
        incident.Status.ShouldBe(IncidentStatus.Allowed);
        _store.GetHistory(incident.Id)[^1].Note.ShouldBe("allowlist entry 203.0.113.0/28");
    }

    private AgentParts Parts(Func<BlockingConfig, BlockingConfig>? change = null, Mode mode = Mode.Review)
    {
        var blocking = new BlockingConfig { Directory = Path.Combine(_folder.FullName, "dynamic") };
        return new(new AgentConfig { Mode = mode, Blocking = change?.Invoke(blocking) ?? blocking }, _store, _store.Receipts, KeyRing.InMemory(TimeProvider.System), TimeProvider.System, static _ => { });
    }

    private long Waiting(string client, TimeSpan? ttl = null, params string[] others)
    {
        ClientAddress[] clients = [.. others.Append(client).Select(ClientAddress.Parse).Order()];
        var incident = new Incident
        {
            Subject = client,
            Clients = clients,
            Threat = "secrets-scan",
            Severity = Severity.High,
            Status = IncidentStatus.Recommended,
            DetectedAt = Now,
            UpdatedAt = Now,
            Summary = "Asked for secret files.",
            Evidence = new() { FirstSeen = Now, LastSeen = Now, Requests = 10, Matched = 10 },
            Recommendation = new() { Action = RuleAction.Block, Ranges = [.. clients.Select(AddressRange.Single)], Why = "scan", Where = "here", Ttl = ttl ?? TimeSpan.FromHours(4), ProposedBy = "rule secret-files", Change = "" },
        };
        var change = new StatusChange { IncidentId = 0, From = null, To = IncidentStatus.Recommended, At = Now, By = "rule", Origin = "service" };
        return _store.Commit(new() { Incidents = [new(incident, change)] })[0].Id;
    }
}
