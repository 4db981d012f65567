using System.CommandLine;
using System.Text.Json;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.AllowlistCommands;

internal static class ImportCommand
{
    private const int MaxBytes = 16 << 20;

    public static Command Build(CommandContext context)
    {
        var file = new Argument<string>("file") { Description = "CSV with ip_or_cidr,description,created_at,expires_at; - is standard input", HelpName = "file" };
        var partial = new Option<bool>("--partial") { Description = "Import the good rows although others are wrong" };
        var force = new Option<bool>("--force") { Description = "Also accept a range of every address (/0)" };
        var by = Operator.ByOption();
        var command = new Command("import", "Add the entries of a CSV file: all, or none if a row is wrong") { file, partial, force, by };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var name = parsed.GetRequiredValue(file);
            var text = name == "-" ? await context.Terminal.In.ReadToEndAsync(cancellation) : await ReadAsync(name, cancellation);
            await using var desk = OperatorDesk.Open(context.Load(parsed), context.Terminal);
            var import = await desk.Effects.ImportAsync(new(text, parsed.GetValue(partial), parsed.GetValue(force)), who.Caller, cancellation);
            var more = import.Added + import.Changed > 0 ? await Spreading.RunAsync(desk, who, import.Entries, cancellation) : "";
            Report(context.Terminal, name, import, more, format.IsJson(parsed));
            return import.Problems.Count == 0 ? ExitCode.Fine : ExitCode.FoundOrRefused;
        });
        return command;
    }

    private static async Task<string> ReadAsync(string file, CancellationToken cancellationToken)
    {
        if (new FileInfo(file) is { Exists: true, Length: > MaxBytes })
        {
            throw CommandException.Usage($"{file} is larger than 16 MiB; is it really an allowlist?");
        }

        return Directory.Exists(file)
            ? throw CommandException.Usage($"{file} is a directory; name a CSV file.")
            : await File.ReadAllTextAsync(file, cancellationToken);
    }

    private static void Report(Terminal terminal, string name, AllowlistImport import, string more, bool json)
    {
        if (json)
        {
            var view = new AllowlistImportView(import.Added, import.Changed, import.AlreadyThere, [.. import.Problems.Select(p => new Config.ProblemView(name, p.Line, 0, p.Message))]);
            terminal.Out.WriteLine(JsonSerializer.Serialize(view, CliJson.Default.AllowlistImportView));
            return;
        }

        foreach (var problem in import.Problems)
        {
            terminal.Error.WriteLine(SafeText.Of($"{name}:{problem.Line}: {problem.Message}"));
        }

        var nothing = import.Problems.Count > 0 && import.Added + import.Changed + import.AlreadyThere == 0;
        terminal.Out.WriteLine(SafeText.Of(nothing
            ? "Nothing was imported. Correct the rows above, or import the others with --partial."
            : $"{import.Added} added, {import.Changed} changed, {import.AlreadyThere} already there, {import.Problems.Count} wrong.{more}"));
    }
}

internal sealed record AllowlistImportView(int Added, int Changed, int AlreadyThere, IReadOnlyList<Config.ProblemView> Problems);
