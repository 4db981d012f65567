using System.Globalization;

namespace DevOpsAgent.App.Cli.Explain;

internal static class ExplainText
{
    public static void Write(Terminal terminal, ExplainView view)
    {
        foreach (var problem in view.Problems)
        {
            terminal.Error.WriteLine("warning: " + SafeText.Of(problem));
        }

        if (view.Line is { } line)
        {
            Line($"{line.Format} line: {line.Method} {line.Path} from {line.Client} at {Words.At(line.At)}, status {line.Status}");
            Line($"  host {line.Host}, agent {line.Agent}, router {line.Router}{(line.Forgeable ? ", forgeable (CLF)" : "")}");
            Line(line.Lists.Count == 0 ? "  on no list" : $"  on the lists {string.Join(", ", line.Lists)}");
        }

        if (view.Requests == 0)
        {
            Line($"{view.Client} has no requests in these logs.");
        }
        else
        {
            Line($"{view.Client}: {view.Requests} requests from {Words.At(view.FirstSeen!.Value)} to {Words.At(view.LastSeen!.Value)}");
        }

        if (view.AllowedBy is { } entry)
        {
            Line($"On the allowlist by {entry}: never blocked.");
        }

        foreach (var rule in view.Rules)
        {
            var state = rule.Fired
                ? $"fired at {Words.At(rule.FiredAt!.Value)}, at request {rule.FiredAtRequest}"
                : $"did not fire, {Math.Floor(rule.Progress * 100).ToString(CultureInfo.InvariantCulture)} % of the way";
            Line("");
            Line($"{rule.Id} ({rule.Threat}, {rule.Action}): {state}");
            foreach (var c in rule.Conditions)
            {
                Line(FormattableString.Invariant($"  {c.What}: {c.Value} of {c.AtLeast} within {Words.Duration(TimeSpan.FromSeconds(c.WithinSeconds))}"));
            }

            if (rule.Excepted > 0)
            {
                Line(FormattableString.Invariant($"  {rule.Excepted} requests fell under an exception of the rule"));
            }

            if (rule.Campaign is { } campaign)
            {
                Line("  " + campaign);
            }
        }

        if (view is { Rules.Count: 0, Requests: > 0 })
        {
            Line("No rule counted any of them.");
        }

        void Line(string text) => terminal.Out.WriteLine(SafeText.Of(text));
    }
}
