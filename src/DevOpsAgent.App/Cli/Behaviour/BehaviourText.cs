using System.Globalization;
using DevOpsAgent.App.Views;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.App.Cli.BehaviourCommands;

/// <summary>Profiles for people.</summary>
internal static class BehaviourText
{
    private const int ChartRows = 8;
    private const int MostColumns = 60;

    public static void Write(BehaviourView view, bool charts, Terminal terminal)
    {
        var text = terminal.Out;
        if (!view.Enabled)
        {
            text.WriteLine("The profile is switched off (behaviour.enabled); what follows is as it was last stored.");
        }

        if (view.Items.Count == 0)
        {
            text.WriteLine("Nothing is known yet: no tool was called since the profile was made or reset.");
            return;
        }

        foreach (var agent in view.Items)
        {
            text.WriteLine(Bold($"{SafeText.Cut(agent.Agent, Math.Max(20, terminal.Width - 40))}", terminal) +
                $"  last seen {Words.Age(view.At - agent.LastSeen)} ago, {Words.Count((int)Math.Min(agent.OpenCalls, int.MaxValue), "call", "calls")} in the open window");
            foreach (var metric in agent.Metrics)
            {
                if (charts)
                {
                    Chart(metric, view, terminal);
                }
                else
                {
                    Line(metric, view, terminal);
                }
            }

            foreach (var signal in agent.Signals)
            {
                text.WriteLine("  " + Paint($"{(signal.Severity == "info" ? "▼" : "▲")} {signal.Severity}", Words.PaintSeverity(signal.Severity), terminal) + "  " + SafeText.Of(signal.Description));
            }

            text.WriteLine();
        }

        text.WriteLine($"Windows of {Duration(view)}, newest at the right. ▲ ▼ not usual, above or below" + (charts ? "; ● usual; ░ the band that is, mean ±" + Sigma(view) + " deviations; ─ its mean." : "; · no sample."));
        if (view.Total > view.Items.Count && !charts)
        {
            text.WriteLine($"{view.Items.Count} of {view.Total} agents are shown; --limit shows more.");
        }
    }

    // call_rate              ▁▁▂▁▂▁▁▂▁▁▂▁▂▁▁▂▁▁▂▁  12 usual 3.7 to 16.3
    private static void Line(MetricBehaviourView metric, BehaviourView view, Terminal terminal)
    {
        var width = Math.Clamp(terminal.Width - 67, 10, MostColumns);
        terminal.Out.WriteLine($"  {metric.Metric,-22}{BandChart.Line(metric, width, terminal.Colour)}  {Last(metric),6} {Usual(metric, view)}");
    }

    private static void Chart(MetricBehaviourView metric, BehaviourView view, Terminal terminal)
    {
        var text = terminal.Out;
        text.WriteLine();
        text.WriteLine($"{Bold(metric.Metric, terminal)}  {Last(metric)} {metric.Unit}, {Usual(metric, view)}");
        foreach (var line in BandChart.Draw(metric, Math.Clamp(terminal.Width - 10, 10, MostColumns), ChartRows, terminal.Colour))
        {
            text.WriteLine(line);
        }
    }

    private static string Last(MetricBehaviourView metric) => metric.History.Count > 0 && metric.History[^1].Sample is { } sample ? BandChart.Number(sample) : "—";

    private static string Usual(MetricBehaviourView metric, BehaviourView view) =>
        (metric is { Low: { } low, High: { } high }
            ? $"usual {BandChart.Number(low)} to {BandChart.Number(high)}"
            : string.Create(CultureInfo.InvariantCulture, $"no baseline yet ({metric.Windows} of {Math.Max(2, view.BaselineMinWindows)})"))
        + (metric.Held > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({metric.Held}/{view.RelearnWindows} held)") : "");

    private static string Duration(BehaviourView view) => DurationText.Of(TimeSpan.FromSeconds(view.WindowSecs));

    private static string Sigma(BehaviourView view) => view.SigmaThreshold.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Bold(string text, Terminal terminal) => Paint(text, "1", terminal);

    private static string Paint(string text, string? code, Terminal terminal) => terminal.Colour && code is not null ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
