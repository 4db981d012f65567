using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Traefik;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Tests.Blocking;

/// <summary>The whole way on the real store: times, statuses and intents come back from the database as they went in.</summary>
public sealed class BlockerOnSqliteTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task From_an_incident_to_the_file_over_a_restart_to_the_end()
    {
        long id;
        using (var store = Open())
        {
            var incident = store.Commit(new() { Incidents = [new(Incident(), null)] })[0];
            await using var blocker = Blocker(store);
            var request = new BlockRequest
            {
                Range = AddressRange.Parse("203.0.113.7"),
                IncidentId = incident.Id,
                Reason = "secrets-scan",
                Ttl = TimeSpan.FromHours(4),
                By = "auto",
                Origin = "service",
                Mode = Mode.Auto,
            };
            var answer = (await blocker.BlockAsync([request]))[0];
            answer.Verdict.ShouldBe(BlockVerdict.Unconfirmed, answer.Text);
            id = answer.Block!.Id;
            var action = store.GetActions(incident.Id, openOnly: false, 10).ShouldHaveSingleItem();
            action.Result.ShouldStartWith("unconfirmed: ");
            action.Undo.ShouldBe($"devops-agent blocks remove {id}");
        }

        using (var store = Open())
        {
            File.Delete(_folder.File);
            await using var blocker = Blocker(store);
            await blocker.ReconcileAsync();
            (await File.ReadAllTextAsync(_folder.File, TestContext.Current.CancellationToken)).ShouldContain("ClientIP(`203.0.113.7`)");
            _time.Advance(TimeSpan.FromHours(4));
            await blocker.SyncAsync();
            File.Exists(_folder.File).ShouldBeFalse();
            store.GetBlock(id)!.Status.ShouldBe(BlockStatus.Expired);
            store.GetActions(null, openOnly: true, 10).ShouldBeEmpty();
            store.CountOffences(AddressRange.Parse("203.0.113.7"), _time.GetUtcNow().AddDays(-1)).ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_lift_stored_by_another_process_is_carried_out()
    {
        using var store = Open();
        await using var blocker = Blocker(store);
        await blocker.BlockAsync([ByHand("203.0.113.7"), ByHand("203.0.113.9")]);
        using (var other = Open())
        {
            var block = other.GetLiveBlocks().Single(static b => b.Range.ToString() == "203.0.113.7");
            other.UpdateBlock(block.Id, BlockStatus.Lifted, "lifted by ann", _time.GetUtcNow());
        }

        _time.Advance(WriteThrottle.Quiet);
        await blocker.SyncAsync();
        var content = await File.ReadAllTextAsync(_folder.File, TestContext.Current.CancellationToken);
        content.ShouldContain("203.0.113.9");
        content.ShouldNotContain("203.0.113.7");
    }

    private SqliteStore Open() => new(Path.Combine(_folder.Root, "agent.db"));

    private GatedBlocker Blocker(IStore store)
    {
        var config = new BlockingConfig { Directory = _folder.Watched };
        var never = new NeverBlocked(static () => [], static () => [], static () => []);
        var target = new FileTarget(config, null);
        return new(store, never, target, config, _time, static _ => { });
    }

    private static BlockRequest ByHand(string range) => new()
    {
        Range = AddressRange.Parse(range),
        Reason = "seen in another log",
        Ttl = TimeSpan.FromHours(4),
        By = "ann",
        Origin = "cli uid 1000",
        Mode = Mode.Review,
    };

    private Incident Incident() => new()
    {
        Subject = "203.0.113.7",
        Clients = [ClientAddress.Parse("203.0.113.7")],
        Threat = "secrets-scan",
        Severity = Severity.High,
        Status = IncidentStatus.Open,
        DetectedAt = _time.GetUtcNow(),
        UpdatedAt = _time.GetUtcNow(),
        Summary = "Asked for secrets.",
        Evidence = new() { Requests = 60, Matched = 60 },
    };
}
