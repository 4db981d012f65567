using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards.Behaviour;
using DevOpsAgent.Store;
using DevOpsAgent.Tests.Configuration;

namespace DevOpsAgent.Tests.Cli;

public sealed class BehaviourCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTime _time = new();

    private string Database => Path.Combine(_folder.Path, "agent.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Show_draws_each_metric_of_each_agent_without_colour_where_no_screen_is()
    {
        Feed();
        var (exit, text, error) = await Run("behaviour", "show");
        exit.ShouldBe(ExitCode.Fine, error);
        text.ShouldContain("model gpt-4o  last seen ");
        text.ShouldContain("person \\x1b[2J");
        foreach (var metric in BehaviourMetrics.All)
        {
            text.ShouldContain("  " + metric.Name());
        }

        var line = text[text.IndexOf("model gpt-4o", StringComparison.Ordinal)..].Split('\n').First(static l => l.Contains("call_rate"));
        line.ShouldContain("  ▂▂▂▂▂▂▂▂▂▂▂▂▲  ");
        line.ShouldContain("60 usual 3.68 to 16.32 (1/30 held)");
        text.ShouldContain("▲ high  call_rate is far above what is usual: 60 (usual 10 ± 3.16, z 15.81)");
        text.ShouldNotContain("\u001b");
        text.Split('\n').ShouldAllBe(static l => l.Length <= 80 || l.StartsWith("  ▲") || l.StartsWith("Windows"));
    }

    [Fact]
    public async Task One_agent_is_drawn_as_charts_with_the_band()
    {
        Feed();
        var (exit, text, _) = await Run("behaviour", "show", "model gpt-4o");
        exit.ShouldBe(ExitCode.Fine);
        text.ShouldContain("call_rate  60 calls, usual 3.68 to 16.32 (1/30 held)\n      60┤");
        text.ShouldMatch("\n +│ +▲|60┤ +▲");
        text.ShouldContain("░");
        text.ShouldContain("●");
        text.ShouldNotContain("person");
    }

    [Fact]
    public async Task Json_has_every_number_in_snake_case()
    {
        Feed();
        var (_, text, _) = await Run("behaviour", "show", "model gpt-4o", "--json");
        using var document = JsonDocument.Parse(text);
        var root = document.RootElement;
        root.GetProperty("total").GetInt32().ShouldBe(2);
        root.GetProperty("window_secs").GetInt32().ShouldBe(60);
        var metric = root.GetProperty("items")[0].GetProperty("metrics")[0];
        metric.GetProperty("metric").GetString().ShouldBe("call_rate");
        metric.GetProperty("mean").GetDouble().ShouldBe(10);
        metric.GetProperty("high").GetDouble().ShouldBe(16.3246, 1e-4);
        var last = metric.GetProperty("history").EnumerateArray().Last();
        last.GetProperty("sample").GetDouble().ShouldBe(60);
        last.GetProperty("flags").EnumerateArray().Select(static f => f.GetString()).ShouldBe(["growth", "unusual"]);
        metric.GetProperty("history")[0].GetProperty("z").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Fact]
    public async Task Reset_forgets_one_or_all_and_says_whom_it_does_not_know()
    {
        Feed();
        (await Run("behaviour", "reset")).Exit.ShouldBe(ExitCode.Usage);
        (await Run("behaviour", "reset", "nobody")).Exit.ShouldBe(ExitCode.FoundOrRefused);
        (await Run("behaviour", "show", "nobody")).Exit.ShouldBe(ExitCode.FoundOrRefused);
        (await Run("behaviour", "reset", "model gpt-4o")).Out.ShouldStartWith("1 baseline forgotten; the next 3 windows of 1m with calls make a new one.");
        (await Run("behaviour", "show")).Out.ShouldNotContain("gpt-4o");

        // The resets themselves are calls of the person who asks for them.
        (await Run("behaviour", "reset", "--all")).Out.ShouldStartWith("2 baselines forgotten");
        var left = (await Run("behaviour", "show")).Out;
        left.ShouldNotContain("person ada");
        left.ShouldNotContain("gpt-4o");
    }

    private void Feed()
    {
        using var store = new SqliteStore(Database);
        using var profiles = new BehaviourProfiles(new BehaviourConfig(), store.Behaviour, _time);
        for (var window = 0; window <= 20; window++)
        {
            for (var call = 0; call < (window == 20 ? 60 : 10); call++)
            {
                profiles.Record(new BehaviourSample("model gpt-4o", $"tool_{call % 3}", call == 0, 4.2, _time.GetUtcNow()));
            }

            _time.Jump += TimeSpan.FromMinutes(1);
        }

        profiles.Record(new BehaviourSample("person \u001b[2J", "tool", false, 4.2, _time.GetUtcNow()));
    }

    private Task<(int Exit, string Out, string Error)> Run(params string[] arguments) =>
        TestTerminal.RunAsync(TestTerminal.Of(("DEVOPS_AGENT_DATABASE_PATH", Database)) with { Time = _time }, arguments);
}
