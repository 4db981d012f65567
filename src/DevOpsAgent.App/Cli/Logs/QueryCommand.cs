using System.CommandLine;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Configuration;
using DevOpsAgent.Logs.Elasticsearch;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore;
using DevOpsAgent.Service;

namespace DevOpsAgent.App.Cli.LogCommands;

/// <summary>Answers an Elasticsearch query on local log files or a store: no server is needed.</summary>
internal static class QueryCommand
{
    /// <summary>More than any query needs; a file named by mistake isn't read whole.</summary>
    private const int MaxQuery = 1 << 20;

    public static Command Build(CommandContext context)
    {
        var text = new Argument<string?>("query") { Description = "Query DSL, or Lucene query text; - reads standard input", HelpName = "query", Arity = ArgumentArity.ZeroOrOne };
        var file = new Option<string?>("--file", "-f") { Description = "Read the query from a file; - is standard input", HelpName = "file" };
        var index = new Option<string?>("--index") { Description = "Index or pattern (default: all of the logs)", HelpName = "index" };
        var store = OpenLogs.StoreOption();
        var target = new Option<string>("--target") { Description = "Where to look: local (files, a store) or elasticsearch (as configured)", HelpName = "local|elasticsearch", DefaultValueFactory = static _ => "local" };
        target.AcceptOnlyFromAmong("local", "elasticsearch");
        var command = new Command("query", "Answer an Elasticsearch query on log files, a store or Elasticsearch itself") { text, file, index, target, store, context.Options.Log };
        var format = OutputFormat.AddTo(command);
        command.SetAction((parsed, cancellation) => Task.Run(async () =>
        {
            var body = Read(parsed.GetValue(text), parsed.GetValue(file), context.Terminal);
            var config = context.Load(parsed).Config;
            var remote = parsed.GetValue(target) == "elasticsearch";
            using var client = remote ? Connect(config.Elasticsearch, context.Terminal.Time) : null;
            using var logs = remote ? null : OpenLogs.Open(config, parsed.GetValue(store), context.Terminal, cancellation);
            ILogSearch search = client is not null ? new ElasticLogs(client, config.Elasticsearch.IndexPattern, context.Terminal.Time) : new EmbeddedSearch(logs!.Catalog, context.Terminal.Time, LogStoreFeed.IndexPrefix + "-*");
            var result = await new QueryLogsTool(search, QueryLimits.Person).AnswerAsync(new(parsed.GetValue(index), body), cancellation);
            if (format.IsJson(parsed) && result.Output is { } output)
            {
                context.Terminal.Out.WriteLine(JsonSerializer.Serialize(output, CliJson.Default.JsonElement));
                return result.Succeeded ? ExitCode.Fine : ExitCode.Usage;
            }

            if (!result.Succeeded)
            {
                throw CommandException.Usage(result.Text, remote ? "See docs/elasticsearch.md, or run devops-agent doctor." : "See docs/log-store.md for what is answered.");
            }

            if (result.Text.Length > 0)
            {
                context.Terminal.Error.WriteLine(SafeText.Of(result.Text));
            }

            QueryText.Write(context.Terminal, result.Output!.Value);
            return ExitCode.Fine;
        }, cancellation));
        return command;
    }

    private static ElasticClient Connect(ElasticsearchConfig config, TimeProvider time)
    {
        try
        {
            return new(ElasticOptions.Of(config), time);
        }
        catch (ElasticException e)
        {
            throw CommandException.Usage(e.Message);
        }
    }

    private static string Read(string? argument, string? file, Terminal terminal)
    {
        if (argument is not null && argument != "-" && file is not null)
        {
            throw CommandException.Usage("The query is given twice, as an argument and with --file.", "Give one of them.");
        }

        var text = argument is null or "-" && file is null or "-" ? ReadAll(terminal.In)
            : file is not null ? ReadFile(file)
            : argument!;
        if (string.IsNullOrWhiteSpace(text))
        {
            throw CommandException.Usage("There is no query.", "devops-agent logs query '{\"query\":{\"term\":{\"DownstreamStatus\":404}}}' --log access.log");
        }

        // What isn't JSON is Lucene's query language: status:404 AND path:*env*.
        return text.TrimStart().StartsWith('{') ? text : Encoding.UTF8.GetString(JsonOf(text.Trim()));
    }

    private static byte[] JsonOf(string lucene) => SearchWriter.Write(new() { Query = new QueryStringQuery(lucene) { DefaultAnd = true } });

    private static string ReadFile(string file)
    {
        try
        {
            using var reader = new StreamReader(file);
            return ReadAll(reader);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Usage($"{file} can't be read: {e.Message}");
        }
    }

    private static string ReadAll(TextReader reader)
    {
        var buffer = new char[MaxQuery + 1];
        var length = reader.ReadBlock(buffer, 0, buffer.Length);
        return length <= MaxQuery ? new(buffer, 0, length) : throw CommandException.Usage($"The query is longer than {MaxQuery} characters.");
    }
}
