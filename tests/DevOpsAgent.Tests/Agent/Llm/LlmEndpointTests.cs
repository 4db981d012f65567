using DevOpsAgent.Agent.Llm;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Tests.Agent.Llm;

public sealed class LlmEndpointTests
{
    [Theory]
    [InlineData("http://localhost:11434/api/generate", "OllamaGenerate", "http://localhost:11434/api/generate")]
    [InlineData("http://localhost:11434/api/chat", "OllamaChat", "http://localhost:11434/api/chat")]
    [InlineData("http://localhost:11434", "OllamaChat", "http://localhost:11434/api/chat")]
    [InlineData("http://localhost:11434/", "OllamaChat", "http://localhost:11434/api/chat")]
    [InlineData("https://proxy.example/ollama/api/generate/", "OllamaGenerate", "https://proxy.example/ollama/api/generate/")]
    [InlineData("http://localhost:8000/v1", "OpenAi", "http://localhost:8000/v1")]
    [InlineData("http://localhost:8000/v1/chat/completions", "OpenAi", "http://localhost:8000/v1")]
    [InlineData("http://localhost:8000/v1/messages", "Anthropic", "http://localhost:8000")]
    public void The_path_says_what_the_server_speaks(string url, string dialect, string address)
    {
        var endpoint = LlmEndpoint.Of(new() { Url = url });
        endpoint.Dialect.ToString().ShouldBe(dialect);
        endpoint.Url.AbsoluteUri.TrimEnd('/').ShouldBe(address.TrimEnd('/'));
        endpoint.Model.ShouldBe("llama3");
    }

    [Theory]
    [InlineData("openai", null, "OpenAi", "https://api.openai.com/v1", "gpt-4o")]
    [InlineData("Anthropic", null, "Anthropic", "https://api.anthropic.com/", "claude-sonnet-5-5")]
    [InlineData("openai", "https://llm.example.org/v1/", "OpenAi", "https://llm.example.org/v1", "gpt-4o")]
    [InlineData("anthropic", "https://llm.example.org/v1", "Anthropic", "https://llm.example.org/", "claude-sonnet-5-5")]
    public void Providers_have_their_addresses(string provider, string? url, string dialect, string address, string model)
    {
        var endpoint = LlmEndpoint.Of(new() { ServiceType = "api_key", Provider = provider, ApiKey = new("k"), BaseUrl = url });
        (endpoint.Dialect.ToString(), endpoint.Url.AbsoluteUri, endpoint.Model).ShouldBe((dialect, address, model));
    }

    [Fact]
    public void Any_provider_goes_with_an_address_and_a_model()
    {
        var config = new LlmConfig { ServiceType = "api_key", Provider = "mistral", ApiKey = new("k") };
        Fail(config).ShouldContain("llm.base_url");
        Fail(config with { BaseUrl = "https://api.mistral.ai/v1" }).ShouldContain("llm.model");
        LlmEndpoint.Of(config with { BaseUrl = "https://api.mistral.ai/v1", Model = "small" }).Dialect.ShouldBe(LlmDialect.OpenAi);
    }

    [Fact]
    public void What_can_not_be_used_says_what_to_do()
    {
        Fail(new()).ShouldContain("llm.url (--llm-url)");
        Fail(new() { Url = "http://localhost:11434/chat" }).ShouldContain("/api/generate or /api/chat");
        Fail(new() { ServiceType = "api_key" }).ShouldContain("llm.provider");
    }

    [Fact]
    public void Passwords_in_an_address_are_not_shown() =>
        LlmEndpoint.Of(new() { Url = "https://ada:pw@llm.example.org/api/chat" }).Description.ShouldBe("model llama3 at https://ada:***@llm.example.org/api/chat");

    private static string Fail(LlmConfig config)
    {
        var fault = Should.Throw<LlmException>(() => LlmEndpoint.Of(config));
        fault.Kind.ShouldBe(LlmFault.Configuration);
        return fault.Message;
    }
}
