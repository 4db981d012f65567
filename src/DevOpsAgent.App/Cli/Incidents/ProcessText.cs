using System.Globalization;
using DevOpsAgent.Detection;

namespace DevOpsAgent.App.Cli.Incidents;

/// <summary>What the runtime guard saw a process do, as text: what, where it stands among others, what was done about it.</summary>
internal static class ProcessText
{
    private const int Shown = 20;

    public static void Write(Terminal terminal, Evidence evidence, ProcessEvidence process)
    {
        Line(string.Create(CultureInfo.InvariantCulture, $"Times     {evidence.Matched}{(process.Violations.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $", in {process.Violations.Count} ways") : "")}{(process.Others > 0 ? string.Create(CultureInfo.InvariantCulture, $", and {process.Others} times more that are not listed") : "")}"));
        Line($"Guard     mode {process.Mode}, backend {process.Backend}");
        terminal.Out.WriteLine();
        Line("What it did");
        foreach (var v in process.Violations.Take(Shown))
        {
            Line(string.Create(CultureInfo.InvariantCulture, $"  {v.Count,7}  {Words.Name(v.Severity),-8}  {v.Action,-8}  {v.Detail}{(v.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $"  (line {v.Line} of the policy)") : "")}"));
        }

        if (process.Tree.Count > 0)
        {
            Line("Process tree");
            var depth = 0;
            foreach (var node in process.Tree)
            {
                var indent = node.Role == "child" ? depth : depth++;
                Line(string.Create(CultureInfo.InvariantCulture, $"  {new string(' ', indent * 2)}{node.Pid} {(node.Exe.Length == 0 ? "(not to be seen)" : node.Exe)}{(node.Uid >= 0 ? string.Create(CultureInfo.InvariantCulture, $"  uid {node.Uid}") : "")}{(node.Role == "violator" ? "  <- did it" : "")}"));
            }
        }

        if (process.Acts.Count > 0)
        {
            Line("What the guard did");
            foreach (var act in process.Acts)
            {
                Line($"  {Words.At(act.At)}  {act.Action}: {act.Text}{(act.Receipt is { } receipt ? string.Create(CultureInfo.InvariantCulture, $"  (receipt {receipt} of the guard)") : "")}");
            }
        }

        void Line(string text) => terminal.Out.WriteLine(SafeText.Of(text));
    }
}
