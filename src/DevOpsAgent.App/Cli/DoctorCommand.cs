using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli;

/// <summary>Looks at everything that the service needs and says what is wrong and what to do, before it matters.</summary>
internal static class DoctorCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("doctor", "Check logs, addresses, target, database and page, and say what to do");
        foreach (var option in context.Options.Overrides)
        {
            command.Options.Add(option);
        }

        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var loaded = context.Load(parsed);
            var checks = new List<Check>();
            await new Doctor(loaded, context.Terminal, checks).RunAsync(cancellation);
            Print(context.Terminal, checks, format.IsJson(parsed));
            return checks.Exists(static c => c.Status == CheckStatus.Failed) ? ExitCode.FoundOrRefused : ExitCode.Fine;
        });
        return command;
    }

    private static void Print(Terminal terminal, List<Check> checks, bool json)
    {
        if (json)
        {
            terminal.Out.WriteLine(JsonSerializer.Serialize(checks, DoctorJson.Default.ListCheck));
            return;
        }

        foreach (var check in checks)
        {
            var (sign, paint) = check.Status switch
            {
                CheckStatus.Ok => ("ok  ", "32"),
                CheckStatus.Warning => ("warn", "33"),
                _ => ("FAIL", "31"),
            };
            terminal.Out.WriteLine($"{(terminal.Colour ? $"\u001b[{paint}m{sign}\u001b[0m" : sign)}  {SafeText.Of($"{check.Name}: {check.Text}")}");
            if (check.Next is { } next)
            {
                terminal.Out.WriteLine("      → " + SafeText.Of(next));
            }
        }

        var failed = checks.Count(static c => c.Status == CheckStatus.Failed);
        var warnings = checks.Count(static c => c.Status == CheckStatus.Warning);
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{checks.Count} checks: {failed} failed, {warnings} to look at"));
    }
}

internal enum CheckStatus
{
    Ok,
    Warning,
    Failed,
}

/// <param name="Name">"log /var/log/traefik/access.log", "target", "database", ...</param>
/// <param name="Next">What to do; null where nothing is to be done.</param>
internal sealed record Check(string Name, CheckStatus Status, string Text, string? Next = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(List<Check>))]
internal sealed partial class DoctorJson : JsonSerializerContext;
