using System.Globalization;
using System.Text;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Cli.BehaviourCommands;

/// <summary>
/// A metric's last windows in characters, newest at the right. Nothing is said by colour alone: ● a usual window, ▲ and ▼ an
/// anomaly above and below, ░ the band that counts as usual, ─ its mean.
/// </summary>
internal static class BandChart
{
    private const string Steps = "▁▂▃▄▅▆▇█";

    /// <summary>One line: heights of the samples, ▲▼ where anomalous, · where there is none.</summary>
    public static string Line(MetricBehaviourView metric, int width, bool colour)
    {
        var shown = metric.History.TakeLast(width).ToList();
        var most = Math.Max(shown.Max(static w => w.Sample) ?? 0, metric.High ?? 0);
        var line = new StringBuilder();
        foreach (var window in shown)
        {
            line.Append(window switch
            {
                { Sample: null } => "·",
                { Flags.Count: > 0 } => Paint(Mark(window), "31", colour),
                { Sample: { } sample } => Steps[most > 0 ? (int)Math.Round(sample / most * (Steps.Length - 1)) : 0].ToString(),
            });
        }

        return new string(' ', width - shown.Count) + line;
    }

    /// <summary>So many lines with a scale at their left: 9 columns, then one column per window.</summary>
    public static IEnumerable<string> Draw(MetricBehaviourView metric, int width, int height, bool colour)
    {
        var shown = metric.History.TakeLast(width).ToList();
        var most = Math.Max(Math.Max(shown.Max(static w => w.Sample) ?? 0, shown.Max(static w => w.High) ?? 0), double.Epsilon);
        for (var row = height - 1; row >= 0; row--)
        {
            var line = new StringBuilder(row == height - 1 ? $"{Number(most),8}┤" : row == 0 ? "       0┤" : "        │");
            line.Append(' ', width - shown.Count);
            foreach (var window in shown)
            {
                line.Append(Cell(window, row, most, height, colour));
            }

            yield return line.ToString().TrimEnd();
        }
    }

    public static string Number(double value) => value.ToString(value >= 1000 ? "#,0" : value >= 100 ? "0" : "0.##", CultureInfo.InvariantCulture);

    private static string Cell(WindowBehaviourView window, int row, double most, int height, bool colour)
    {
        if (window.Sample is { } sample && Row(sample) == row)
        {
            return window.Flags.Count > 0 ? Paint(Mark(window), "31", colour) : "●";
        }

        if (window is { Low: { } low, High: { } high, Mean: { } mean } && row >= Row(low) && row <= Row(high))
        {
            return Paint(row == Row(mean) ? "─" : "░", "2", colour);
        }

        return " ";

        int Row(double value) => (int)Math.Round(Math.Clamp(value / most, 0, 1) * (height - 1));
    }

    private static string Mark(WindowBehaviourView window) => window.Flags.Contains("drop", StringComparer.Ordinal) ? "▼" : "▲";

    private static string Paint(string text, string code, bool colour) => colour ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
