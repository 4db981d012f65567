using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Incidents;
using DevOpsAgent.Tests.Blocking;

namespace DevOpsAgent.Tests.Guards;

public sealed class ModeGuardTests : IAsyncLifetime
{
    private readonly BlockWorld _world = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData("Disabled", "Person", "Deny")]
    [InlineData("Disabled", "Service", "Deny")]
    [InlineData("Disabled", "Model", "Deny")]
    [InlineData("Review", "Person", "Allow")]
    [InlineData("Review", "Service", "PendingApproval")]
    [InlineData("Review", "Model", "PendingApproval")]
    [InlineData("Auto", "Person", "Allow")]
    [InlineData("Auto", "Service", "Allow")]
    [InlineData("Auto", "Model", "Allow")]
    public void A_block_and_its_approval_go_by_mode_and_caller(string mode, string kind, string expected)
    {
        var verdict = Enum.Parse<Verdict>(expected);
        Ask(mode, kind, "block_client", _world.ByHand("203.0.113.7")).Verdict.ShouldBe(verdict);
        Ask(mode, kind, "decide_incident", new IncidentDecision(7, DecisionKind.Approve, "x", "test")).Verdict.ShouldBe(verdict);
    }

    [Theory]
    [InlineData("Disabled")]
    [InlineData("Review")]
    [InlineData("Auto")]
    public void A_model_may_only_propose_what_widens_or_hides(string mode)
    {
        foreach (var (tool, request) in new (string, object)[]
        {
            ("decide_incident", new IncidentDecision(7, DecisionKind.Reject, "x", "test")), ("decide_incident", new IncidentDecision(7, DecisionKind.Undo, "x", "test")),
            ("unblock", new UnblockRequest(1, "x", "test")), ("allow_address", new AllowRequest("203.0.113.7", "", null)), ("remove_allowlist_entry", new DisallowRequest(1, null)),
            ("import_allowlist", new AllowImportRequest("", false, false)), ("set_mode", new DevOpsAgent.Service.ModeRequest(Mode.Auto)),
        })
        {
            Ask(mode, "Model", tool, request).Code.ShouldBe("person_required", tool);
            Ask(mode, "Person", tool, request).Verdict.ShouldBe(Verdict.Allow, tool);
        }
    }

    [Fact]
    public async Task Disabled_mode_changes_nothing()
    {
        _world.Mode = Mode.Disabled;
        (await _world.BlockAsync(_world.ByHand("203.0.113.7"))).Refusal.ShouldBe("mode_disabled");
        _world.Mode = Mode.Review;
        (await _world.BlockAsync(_world.ByHand("203.0.113.7") with { Mode = Mode.Disabled })).Refusal.ShouldBe("mode_disabled");
        _world.Store.GetActions(null, openOnly: false, 10).ShouldBeEmpty();
    }

    /// <summary>Switched to review between approval and effect: nobody looked at it.</summary>
    [Fact]
    public async Task What_auto_approved_waits_for_a_person_once_the_mode_is_review()
    {
        _world.Incident(7, "203.0.113.7");
        _world.Mode = Mode.Review;
        (await _world.BlockAsync(_world.Auto("203.0.113.7", 7))).Refusal.ShouldBe("mode_review");
    }

    private GuardDecision Ask(string mode, string kind, string tool, object request)
    {
        var guard = new ModeGuard(() => Enum.Parse<Mode>(mode));
        var context = new GuardContext(_world.Blocker.Gateway.Tools.Single(t => t.Name == tool), request, default, new("agent", "x", "test", Enum.Parse<CallerKind>(kind)), null, default);
        return guard.EvaluateAsync(context, CancellationToken.None).AsTask().Result;
    }
}
