using System.CommandLine;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli;

/// <summary>The flags that change the configuration. --config goes with every command, the others with the service and <c>config</c>.</summary>
internal sealed class RootOptions
{
    private readonly List<(Option<string?> Option, string Key)> _bound = [];

    public Option<string?> Config { get; } = new("--config", "-c")
    {
        Description = "Configuration file (default: built-in values, or $DEVOPS_AGENT_CONFIG)",
        HelpName = "file",
        Recursive = true,
    };

    public Option<string?> Mode { get; } = WithValues(new("--mode") { Description = "What happens with threats: auto, review or disabled", HelpName = "mode" }, "auto", "review", "disabled");

    public Option<string[]> Log { get; } = new("--log")
    {
        Description = "Access log to follow; - is standard input (repeatable)",
        HelpName = "file",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    public Option<bool> ServeSpa { get; } = new("--serve-spa") { Description = "Serve the web page and the API" };

    public Option<string?> Listen { get; } = new("--listen") { Description = "Address and port of the web page (default: 127.0.0.1:8686)", HelpName = "address:port" };

    /// <summary>Of the service alone: what it reads is also kept in the log store beside its database.</summary>
    public Option<string?> EsListen { get; } = new("--es-listen")
    {
        Description = "Keep what is read in a log store, and answer Elasticsearch queries on it at this loopback address",
        HelpName = "address:port",
    };

    public Option<string?> LlmUrl { get; } = new("--llm-url") { Description = "URL of a language model of your own", HelpName = "url" };

    public Option<string?> LlmProvider { get; } = WithValues(new("--llm-provider") { Description = "Provider of a language model: openai, anthropic, ...", HelpName = "name" }, "openai", "anthropic");

    public Option<string?> LlmApiKey { get; } = new("--llm-api-key")
    {
        Description = "Key for the provider. Other users can see it in the process list: prefer api_key: \"${NAME}\" in the file",
        HelpName = "key",
    };

    /// <summary>All but --config, which goes everywhere by itself.</summary>
    public IReadOnlyList<Option> Overrides => [Mode, Log, ServeSpa, Listen, LlmUrl, LlmProvider, LlmApiKey];

    /// <summary>An option of one command that stands for a key: what it says goes before file and environment, and is checked like them.</summary>
    public void Bind(Option<string?> option, string key) => _bound.Add((option, key));

    public ConfigRequest Request(ParseResult parsed, Terminal terminal)
    {
        var flags = new List<FlagValue>();
        Add(Mode, "mode");
        Add(Listen, "web.listen");
        if (parsed.GetValue(Log) is { Length: > 0 } logs)
        {
            flags.Add(new(Log.Name, "logs", logs));
        }

        if (parsed.GetValue(ServeSpa))
        {
            flags.Add(new(ServeSpa.Name, "web.serve", ["true"]));
        }

        // A URL on the command line means that server, whatever the file says about providers; and the other way round.
        if (Add(LlmUrl, "llm.url"))
        {
            flags.Add(new(LlmUrl.Name, "llm.service_type", ["url"]));
        }

        // The file's llm.base_url is another provider's, and must not get this one's key.
        if (parsed.GetValue(LlmProvider) is not null)
        {
            flags.Add(new(LlmProvider.Name, "llm.base_url", [""]));
        }

        if (Add(LlmProvider, "llm.provider") | Add(LlmApiKey, "llm.api_key"))
        {
            flags.Add(new(LlmProvider.Name, "llm.service_type", ["api_key"]));
        }

        foreach (var (option, key) in _bound.Where(b => parsed.CommandResult.Command.Options.Contains(b.Option)))
        {
            Add(option, key);
        }

        var file = parsed.GetValue(Config) ?? terminal.Environment.GetValueOrDefault(EnvironmentOverrides.FileVariable);
        return new() { File = string.IsNullOrEmpty(file) ? null : file, Environment = terminal.Environment, Flags = flags };

        bool Add(Option<string?> option, string key)
        {
            if (parsed.GetValue(option) is not { } value)
            {
                return false;
            }

            flags.Add(new(option.Name, key, [value]));
            return true;
        }
    }

    private static Option<string?> WithValues(Option<string?> option, params string[] values)
    {
        option.CompletionSources.Add(values);
        return option;
    }
}
