using DevOpsAgent.Agent.Llm;
using DevOpsAgent.App.Cli;

namespace DevOpsAgent.Tests.Agent.Llm;

/// <summary>What <c>doctor</c> says of the model.</summary>
public sealed class LlmCheckupTests
{
    [Theory]
    [InlineData("OllamaGenerate", """{"models":[{"name":"m:latest"},{"name":"other:7b"}]}""", "GET /api/tags")]
    [InlineData("OllamaChat", """{"models":[{"name":"m:latest"}]}""", "GET /api/tags")]
    [InlineData("OpenAi", """{"object":"list","data":[{"id":"m","object":"model"}]}""", "GET /v1/models")]
    [InlineData("Anthropic", """{"data":[{"type":"model","id":"m"}],"has_more":false}""", "GET /v1/models")]
    public async Task A_model_that_is_there_and_answers_is_fine(string name, string list, string asked)
    {
        var dialect = Enum.Parse<LlmDialect>(name);
        await using var server = await ScriptedModel.StartAsync();
        var (body, type) = Wire.Text(dialect, false, "ready");
        server.Then(200, list).Then(200, body, type);
        var checks = new List<Check>();
        await new DoctorModel(server.Config(dialect), server.Time, checks).RunAsync(TestContext.Current.CancellationToken);
        checks.ShouldAllBe(static c => c.Status == CheckStatus.Ok);
        checks[0].Text.ShouldContain("answers");
        server.Asked[0].ShouldBe(asked);
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_told_with_those_that_are()
    {
        await using var server = await ScriptedModel.StartAsync();
        server.Then(200, """{"models":[{"name":"llama3:latest"}]}""").Then(404, """{"error":"model 'm' not found"}""");
        var checks = new List<Check>();
        await new DoctorModel(server.Config(LlmDialect.OllamaChat), server.Time, checks).RunAsync(TestContext.Current.CancellationToken);
        var check = checks.ShouldHaveSingleItem();
        check.Status.ShouldBe(CheckStatus.Warning);
        check.Text.ShouldContain("ollama pull m");
        check.Text.ShouldContain("llama3:latest");
    }

    [Fact]
    public async Task A_web_page_is_recognised()
    {
        await using var server = await ScriptedModel.StartAsync();
        server.Then(200, "<html>", "text/html").Then(200, "<html>", "text/html");
        var checks = new List<Check>();
        await new DoctorModel(server.Config(LlmDialect.OllamaChat), server.Time, checks).RunAsync(TestContext.Current.CancellationToken);
        checks.ShouldHaveSingleItem().Text.ShouldContain("looks like a web page: is llm.url right?");
    }

    [Fact]
    public async Task Without_a_model_nothing_is_asked()
    {
        var checks = new List<Check>();
        await new DoctorModel(new(), TimeProvider.System, checks).RunAsync(TestContext.Current.CancellationToken);
        checks.ShouldBeEmpty();
    }
}
