using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.Agent;
using DevOpsAgent.Agent.Llm;
using DevOpsAgent.App.Cli.Incidents;
using DevOpsAgent.App.Cli.LogCommands;
using DevOpsAgent.App.Views;
using DevOpsAgent.Configuration;
using DevOpsAgent.LogStore;
using DevOpsAgent.Service;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.App.Cli;

/// <summary>Answers a person's question with the language model, from logs and incidents: each step as it happens, each query named.</summary>
internal static class AskCommand
{
    public static Command Build(CommandContext context)
    {
        var question = new Argument<string>("question") { Description = "What you want to know of the logs and incidents", HelpName = "question" };
        var store = OpenLogs.StoreOption();
        var by = Operator.ByOption();
        var command = new Command("ask", "Ask the language model about logs and incidents") { question, store, by, context.Options.Log, context.Options.LlmUrl, context.Options.LlmProvider, context.Options.LlmApiKey };
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.Run(async () =>
        {
            var loaded = context.Load(parsed);
            var (client, name) = Model(loaded.Config, context.Terminal);
            return await RunAsync(loaded, client, name, parsed.GetValue(question)!, parsed.GetValue(store), Operator.Of(parsed.GetValue(by), context.Terminal), context.Terminal, format.IsJson(parsed), cancellation);
        }, cancellation));
        return command;
    }

    /// <param name="client">Disposed.</param>
    public static async Task<int> RunAsync(LoadedConfig loaded, IChatClient client, string name, string question, string? store, Operator by, Terminal terminal, bool json, CancellationToken cancellation)
    {
        using var owned = client;
        if (question.Trim().Length is 0 or > QuestionRun.MaxQuestion)
        {
            throw CommandException.Usage($"The question must have 1 to {QuestionRun.MaxQuestion} characters.");
        }

        using var logs = HasLogs(loaded.Config, store) ? OpenLogs.Open(loaded.Config, store, terminal, cancellation) : null;
        await using var desk = OperatorDesk.Open(loaded, terminal);
        var elastic = logs is null && loaded.Config.WatchesElasticsearch() ? ModelService.Elastic(loaded.Config, terminal.Time) : null;
        using var connection = elastic?.Client;
        if (elastic is not null)
        {
            desk.Logs.Search = elastic;
        }
        else if (logs is null)
        {
            terminal.Error.WriteLine("No log is named: incidents alone can be asked about. Name a log with --log, or a store with --store.");
        }
        else
        {
            desk.Logs.Search = new EmbeddedSearch(logs.Catalog, terminal.Time, LogStoreFeed.IndexPrefix + "-*");
        }

        var agent = desk.AgentOf(client, name, loaded.Config, by.Caller);
        var done = InvestigationView.Of(await agent.AskAsync(question, json ? null : step => InvestigationText.Step(terminal.Error, StepView.Of(step)), cancellation));
        if (json)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(done, ViewJson.Default.InvestigationView));
        }
        else if (done.Answer is { } answer)
        {
            terminal.Out.WriteLine(SafeText.Lines(answer));
            foreach (var query in done.Steps.Where(static s => s.Cite is not null))
            {
                terminal.Out.WriteLine(SafeText.Of($"{query.Cite}: {InvestigationText.Readable(query.Parameters)}"));
            }
        }

        return done.End switch
        {
            "answered" => ExitCode.Fine,
            _ when json => done.End is "provider_down" or "not_recorded" ? ExitCode.Dependency : ExitCode.FoundOrRefused,
            "provider_down" or "not_recorded" => throw CommandException.Dependency(done.EndText, "'devops-agent doctor' says whether the model can be reached."),
            _ => throw CommandException.Refused($"There is no answer ({done.End.Replace('_', ' ')}). {done.EndText}", "Ask for less, or raise the budgets under agent in the configuration."),
        };
    }

    private static (IChatClient Client, string Name) Model(AgentConfig config, Terminal terminal)
    {
        if (!config.Llm.IsOn)
        {
            throw CommandException.Usage("No language model is configured, so there is nobody to ask.", "Give --llm-url http://localhost:11434/api/generate, or set llm in the configuration. 'devops-agent logs query' needs no model.");
        }

        try
        {
            return (ChatClients.Create(config.Llm, terminal.Time), LlmEndpoint.Of(config.Llm).Model);
        }
        catch (LlmException e)
        {
            throw CommandException.Usage(e.Message);
        }
    }

    private static bool HasLogs(AgentConfig config, string? store) => store is not null || config.Logs.Any(static l => l.Path != "-");
}
