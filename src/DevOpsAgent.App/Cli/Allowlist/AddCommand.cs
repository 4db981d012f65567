using System.CommandLine;
using System.Globalization;
using DevOpsAgent.App.Cli.Incidents;
using DevOpsAgent.Configuration;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.App.Cli.AllowlistCommands;

internal static class AddCommand
{
    public static Command Build(CommandContext context)
    {
        var value = new Argument<string>("entry") { Description = "Address, CIDR range or DNS name", HelpName = "ip|cidr|name" };
        var description = new Option<string?>("--description", "-d") { Description = "What it is, for whoever reads the list", HelpName = "text" };
        var expires = new Option<string?>("--expires") { Description = "When it ends: a duration as 30d, or a time as 2027-01-31T12:00:00Z (default: never)", HelpName = "time" };
        var force = new Option<bool>("--force") { Description = "Also accept a range of every address (/0)" };
        var by = Operator.ByOption();
        var command = new Command("add", "Never block an address, range or name; its blocks end at once") { value, description, expires, force, by };
        var format = OutputFormat.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var who = Operator.Of(parsed.GetValue(by), context.Terminal);
            var until = Time(parsed.GetValue(expires), context.Terminal);
            await using var desk = OperatorDesk.Open(context.Load(parsed), context.Terminal);
            var outcome = await desk.Effects.AllowAsync(new(parsed.GetRequiredValue(value), parsed.GetValue(description) ?? "", until) { Force = parsed.GetValue(force) }, who.Caller, cancellation);
            var more = outcome is { Succeeded: true, Entry: { } entry } ? await Spreading.RunAsync(desk, who, [entry], cancellation) : "";
            return Decision.Report(context.Terminal, [Of(outcome, more)], format.IsJson(parsed));
        });
        return command;
    }

    internal static DecisionView Of(AllowlistOutcome outcome, string more) => new(
        outcome.Entry?.Id ?? 0,
        outcome.Result switch
        {
            AllowlistResult.Added or AllowlistResult.Changed or AllowlistResult.Removed => "done",
            AllowlistResult.AlreadyThere => "already_done",
            AllowlistResult.NotFound => "not_found",
            _ => "refused",
        },
        null,
        outcome.Message + more,
        outcome switch
        {
            { Result: AllowlistResult.Added, Entry: { } entry } => $"devops-agent allowlist remove {entry.Value}",
            { Result: AllowlistResult.Removed, Entry: { } entry } => $"devops-agent allowlist add {entry.Value}" + (entry.ExpiresAt is { } end ? $" --expires {end.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}" : ""),
            _ => null,
        });

    internal static DateTimeOffset? Time(string? text, Terminal terminal) => text is null ? null
        : DurationText.TryParse(text, out var duration) ? terminal.Time.GetUtcNow() + duration
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at) ? at
        : throw CommandException.Usage($"'{text}' is neither a duration nor a time.", "Write --expires as 30d or 2027-01-31T12:00:00Z.");
}
