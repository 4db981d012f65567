using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Tests.Blocking;

namespace DevOpsAgent.Tests.Guards;

public sealed class EvidenceGuardTests : IAsyncLifetime
{
    private readonly BlockWorld _world = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_model_that_names_a_victim_with_somebody_elses_incident_is_refused()
    {
        _world.Incident(7, "203.0.113.7");
        await Is(BlockVerdict.Denied, "no_evidence", _world.Auto("198.51.100.1", 7));
        await Is(BlockVerdict.Denied, "no_evidence", _world.ByHand("198.51.100.1") with { IncidentId = 7 });
        await Is(BlockVerdict.Denied, "no_incident", _world.Auto("198.51.100.1", 8));
        await Is(BlockVerdict.Denied, "no_incident", _world.ByHand("198.51.100.1") with { Mode = Mode.Auto });
    }

    [Theory]
    [InlineData("rejected")]
    [InlineData("allowed")]
    [InlineData("expired")]
    public async Task A_late_approval_of_a_closed_incident_is_refused(string status)
    {
        _world.Incident(7, "203.0.113.7");
        _world.Store.Put(_world.Store.GetIncident(7)! with { Status = Enum.Parse<IncidentStatus>(status, ignoreCase: true) });
        await Is(BlockVerdict.Denied, "incident_closed", _world.Auto("203.0.113.7", 7));
    }

    [Fact]
    public async Task Lines_that_any_client_can_forge_never_block_by_themselves()
    {
        _world.Incident(7, "203.0.113.7");
        _world.Store.Put(_world.Store.GetIncident(7)! with { Evidence = new() { Forgeable = true } });
        await Is(BlockVerdict.Held, "forgeable", _world.Auto("203.0.113.7", 7));
        (await _world.BlockAsync(_world.Auto("203.0.113.7", 7) with { TrustForgeable = true })).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
        (await _world.BlockAsync(_world.ByHand("203.0.113.7") with { IncidentId = 7 })).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
    }

    [Fact]
    public async Task Neighbours_without_evidence_are_not_denied_by_auto()
    {
        _world.Incident(7, "203.0.113.6", "203.0.113.7", "2001:db8::7");
        await Is(BlockVerdict.Held, "range_share", _world.Auto("203.0.113.0/24", 7));
        await Is(BlockVerdict.Held, "range_share", _world.Auto("2001:db8::/56", 7));
        (await _world.BlockAsync(_world.Auto("203.0.113.6/31", 7))).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
        (await _world.BlockAsync(_world.Auto("2001:db8::/64", 7))).Verdict.ShouldBe(BlockVerdict.Unconfirmed);
    }

    /// <summary>The attack: a caller that is no person says it is one by what it puts into the request.</summary>
    [Fact]
    public async Task Who_calls_decides_and_not_what_the_request_says()
    {
        _world.Incident(7, "203.0.113.7");
        _world.Store.Put(_world.Store.GetIncident(7)! with { Evidence = new() { Forgeable = true } });
        var guard = new EvidenceGuard(_world.Store.GetIncident, _world.Config);
        var request = _world.ByHand("203.0.113.7") with { IncidentId = 7 };
        var context = new GuardContext(_world.Blocker.Gateway.Tools[0], request, default, new("model m", "model", "mcp", CallerKind.Model), 7, default);
        (await guard.EvaluateAsync(context, CancellationToken.None)).Code.ShouldBe("forgeable");
    }

    private async Task Is(BlockVerdict verdict, string code, BlockRequest request)
    {
        var answer = await _world.BlockAsync(request);
        (answer.Verdict, answer.Refusal).ShouldBe((verdict, code));
        _world.Store.GetActions(null, openOnly: false, 10).ShouldBeEmpty();
    }
}
