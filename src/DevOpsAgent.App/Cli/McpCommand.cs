using System.CommandLine;
using System.Security.Cryptography;
using DevOpsAgent.App.Cli.LogCommands;
using DevOpsAgent.App.Mcp;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using ModelContextProtocol.Server;

namespace DevOpsAgent.App.Cli;

/// <summary>Serves the tools to other programs' models, by the Model Context Protocol.</summary>
internal static class McpCommand
{
    public static Command Build(CommandContext context)
    {
        var listen = new Option<string?>("--listen") { Description = "Serve over HTTP at this address (default: mcp.listen; without both, standard input and output)", HelpName = "address:port" };
        var writes = new Option<bool>("--allow-writes") { Description = "Serve the tools that change something, too (default: those of mcp.allow_writes); guards judge each call" };
        var store = OpenLogs.StoreOption();
        var command = new Command("mcp", "Serve the tools to other programs' models (Model Context Protocol)") { listen, writes, store, context.Options.Log };
        context.Options.Bind(listen, "mcp.listen");
        command.SetAction(async (parsed, cancellation) =>
        {
            // A signal that comes before the command has returned its task would end the process at once.
            await Task.Yield();
            var loaded = context.Load(parsed);
            var config = loaded.Config;
            var folder = parsed.GetValue(store);
            using var files = folder is not null || config.Logs.Any(static l => l.Path != "-") ? new FreshLogs(config, folder, context.Terminal) : null;
            await using var desk = OperatorDesk.OpenBeside(loaded, context.Terminal);
            desk.Logs.Search = files is null && config.WatchesElasticsearch() ? ModelService.Elastic(config, context.Terminal.Time) : files;
            var http = config.Mcp.Listen is not null;
            var caller = new Caller(http ? "mcp http" : "mcp stdio", "model", Origin(http), CallerKind.Model);
            var tools = new ServedTools(desk, config, Writes(config.Mcp, desk.Gateway, parsed.GetValue(writes)), caller, context.Terminal.Time);
            var options = ProtocolServer.Options(tools);
            context.Terminal.Error.WriteLine($"mcp: serves {string.Join(", ", tools.Names)}{(desk.Logs.Search is null ? "; no log is named, so query_logs finds none (--log, --store)" : "")}");
            await (http ? OverHttpAsync(config.Mcp, options, context.Terminal, cancellation) : OverStdioAsync(options, cancellation));
            return ExitCode.Fine;
        });
        return command;
    }

    /// <summary>Standard output carries the protocol and nothing else.</summary>
    private static async Task OverStdioAsync(McpServerOptions options, CancellationToken cancellation)
    {
        Console.SetOut(Console.Error);
        await using var transport = new StdioServerTransport(options);
        await using var server = McpServer.Create(transport, options);
        try
        {
            await server.RunAsync(cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopped by a signal.
        }
    }

    private static async Task OverHttpAsync(McpConfig config, McpServerOptions options, Terminal terminal, CancellationToken cancellation)
    {
        var token = config.Token?.Reveal ?? RandomNumberGenerator.GetHexString(32, lowercase: true);
        await using var host = await McpHost.StartAsync(config, token, options, cancellation);
        terminal.Error.WriteLine($"mcp: {host.Address} takes calls with {(config.Token is null ? $"the token {token}" : "mcp.token")}; Ctrl-C stops it");
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellation.UnsafeRegister(static state => ((TaskCompletionSource)state!).SetResult(), stop);
        await stop.Task;
    }

    private static HashSet<string> Writes(McpConfig config, Gateway gateway, bool all)
    {
        var known = gateway.Tools.Where(static t => t.HasEffect).Select(static t => t.Name).ToHashSet(StringComparer.Ordinal);
        var unknown = config.AllowWrites.FirstOrDefault(n => !known.Contains(n));
        return unknown is not null ? throw CommandException.Usage($"mcp.allow_writes: there is no tool '{unknown}' that changes something.", $"Such tools are {string.Join(", ", known.Order(StringComparer.Ordinal))}.")
            : all ? known : [.. config.AllowWrites];
    }

    private static string Origin(bool http) => http ? "mcp http" : $"mcp stdio {Environment.UserName}";
}
