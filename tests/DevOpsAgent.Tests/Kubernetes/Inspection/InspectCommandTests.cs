using System.Text.Json;
using System.Text.Json.Nodes;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Inspection;
using DevOpsAgent.Signing;
using DevOpsAgent.Tests.Cli;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

/// <summary>The command, and the tool behind the gateway.</summary>
public sealed class InspectCommandTests
{
    [Theory]
    [InlineData("cluster-a", "deny routes: chosen")]
    [InlineData("cluster-d", "Nothing denies single addresses today.")]
    [InlineData("policies-flannel", "NetworkPolicy objects are not enforced")]
    public async Task A_recorded_cluster_needs_no_live_one(string name, string expected)
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "inspect", "--from", Path.Combine(InspectionCases.Root, name, "cluster"));
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldContain(expected);
        text.ShouldContain("Not read");
    }

    [Fact]
    public async Task Json_is_the_picture_whole()
    {
        var (exit, text, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "inspect", "--json", "--from", Path.Combine(InspectionCases.Root, "cluster-a", "cluster"));
        exit.ShouldBe(ExitCode.Fine, error);
        var json = JsonNode.Parse(text)!;
        json["source"] = "case";
        PictureJson.Text((JsonObject)json).ShouldBe((await File.ReadAllTextAsync(Path.Combine(InspectionCases.Root, "cluster-a", "expected.json"), TestContext.Current.CancellationToken)).TrimEnd());
    }

    [Fact]
    public async Task Standard_input_is_read_too()
    {
        var yaml = await File.ReadAllTextAsync(Path.Combine(InspectionCases.Root, "deny-routes-exist", "cluster", "cluster.yaml"), TestContext.Current.CancellationToken);
        var (exit, text, _) = await TestTerminal.RunAsync(TestTerminal.Of() with { In = new StringReader(yaml) }, "inspect", "--from", "-");
        exit.ShouldBe(ExitCode.Fine);
        text.ShouldContain("existing pattern: the cluster denies by IngressRoute security/ban already");
    }

    [Fact]
    public async Task A_path_that_is_none_says_what_to_do()
    {
        var (exit, _, error) = await TestTerminal.RunAsync(TestTerminal.Of(), "inspect", "--from", "/no/such/folder");
        exit.ShouldBe(ExitCode.Usage);
        error.ShouldContain("/no/such/folder");
        error.ShouldContain("docs/inspection.md");
    }

    [Fact]
    public async Task A_model_gets_the_short_form_through_the_gateway_and_a_receipt_is_kept()
    {
        var cluster = await Recording.ReadAsync(Path.Combine(InspectionCases.Root, "cluster-a", "cluster"), TestContext.Current.CancellationToken);
        var tool = new InspectPatternsTool(() => cluster, null);
        tool.HasEffect.ShouldBeFalse();
        using var keys = KeyRing.InMemory(TimeProvider.System);
        var receipts = new MemoryReceiptStore();
        using var journal = new ReceiptJournal(receipts, keys, TimeProvider.System);
        var guards = new GuardPipeline([new SchemaGuard(), new ModeGuard(static () => Mode.Disabled)], new PromotionRules([]), TimeSpan.FromSeconds(30), TimeProvider.System);
        var gateway = new Gateway(journal, guards, [tool], new string('0', 64), TimeProvider.System);
        var model = new Caller("model x", "model", "test", CallerKind.Model);

        using var parameters = JsonDocument.Parse("""{"namespace": "blog"}""");
        var answer = await gateway.CallAsync("inspect_patterns", parameters.RootElement, model, TestContext.Current.CancellationToken);
        answer.Decision.ShouldBe(Decision.Allow, answer.Text);
        var patterns = answer.Result!.Output!.Value.GetProperty("patterns").EnumerateArray().ToList();
        patterns.Select(static p => p.GetProperty("object").GetProperty("name").GetString()).ShouldBe(["ip-deny"]);
        answer.Text.ShouldContain("Middleware blog/ip-deny denies 2 ranges");

        using var bad = JsonDocument.Parse("""{"namespaces": "blog"}""");
        (await gateway.CallAsync("inspect_patterns", bad.RootElement, model, TestContext.Current.CancellationToken)).Decision.ShouldBe(Decision.Deny);
    }

    [Fact]
    public async Task A_cluster_that_can_not_be_reached_is_a_result_with_the_reason()
    {
        var tool = new InspectPatternsTool(static () => throw new KubernetesException(KubernetesFault.Configuration, "no kubeconfig"), null);
        using var keys = KeyRing.InMemory(TimeProvider.System);
        using var journal = new ReceiptJournal(new MemoryReceiptStore(), keys, TimeProvider.System);
        var gateway = new Gateway(journal, new GuardPipeline([new SchemaGuard()], new PromotionRules([]), TimeSpan.FromSeconds(30), TimeProvider.System), [tool], new string('0', 64), TimeProvider.System);
        var answer = await gateway.CallAsync(tool, new InspectRequest(null), Caller.Service, null, TestContext.Current.CancellationToken);
        answer.Decision.ShouldBe(Decision.Incomplete);
        answer.Text.ShouldContain("no kubeconfig");
    }
}
