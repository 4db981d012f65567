using System.Globalization;
using System.Text.Json;
using DevOpsAgent.App.Views;

namespace DevOpsAgent.App.Cli.Incidents;

/// <summary>What a language model made of something, as text; each line says that it is the model's.</summary>
internal static class InvestigationText
{
    /// <summary>The newest run with its steps; of older ones the result alone.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<InvestigationView> runs)
    {
        for (var i = 0; i < runs.Count; i++)
        {
            Write(terminal, runs[i], steps: i == 0);
        }

        if (runs.Count > 0)
        {
            terminal.Out.WriteLine();
        }
    }

    public static void Step(TextWriter output, StepView step)
    {
        var who = step.By == "program" ? "program" : "model";
        var phase = step.Phase > 0 ? string.Create(CultureInfo.InvariantCulture, $"step {step.Phase} ") : "";
        output.WriteLine(SafeText.Of(step.Kind switch
        {
            "called" => $"  {phase}{who} asks {step.Tool}{(step.Cite is { } cite ? $" ({cite})" : "")}: {SafeText.Cut(Readable(step.Parameters), 300)}",
            _ => $"  {phase}{(step.Kind == "note" ? "note" : $"{who} {(step.Kind == "thought" ? "thinks" : "says")}")}: {SafeText.Cut(step.Text, 500)}",
        }));
        if (step.Kind == "called")
        {
            output.WriteLine(SafeText.Of($"    {step.Decision}: {SafeText.Cut(step.Text, 300)}"));
        }
    }

    /// <summary>The query inside the parameters as it was written; whatever can't be read stays as it is.</summary>
    public static string Readable(string? parameters)
    {
        try
        {
            using var json = JsonDocument.Parse(parameters ?? "");
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("query", out var query) && query.ValueKind == JsonValueKind.String ? query.GetString()! : parameters!;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return parameters ?? "";
        }
    }

    private static void Write(Terminal terminal, InvestigationView run, bool steps)
    {
        Line($"Model {run.Model} ({Words.At(run.StartedAt)}): {Result(run)}");
        if (run.Summary is { } summary)
        {
            Line($"  the model says: {summary}");
        }

        foreach (var cited in run.Evidence)
        {
            Line($"  cites {cited.Id}: {(cited.Holds ? "" : "does not count, ")}{cited.Text}");
        }

        if (run.ProposedAction is { Kind: "block" } action)
        {
            Line($"  would block {string.Join(", ", action.Ranges)} for {Words.Duration(TimeSpan.FromSeconds(action.TtlSeconds))}; nothing was done for that");
        }

        foreach (var correction in run.Corrections)
        {
            Line($"  corrected: {correction}");
        }

        if (run.Disagreement is { } disagreement)
        {
            Line($"  disagreement: {disagreement}");
        }

        if (steps)
        {
            foreach (var step in run.Steps)
            {
                Step(terminal.Out, step);
            }
        }

        Line(string.Create(CultureInfo.InvariantCulture, $"  {run.Turns} answers, {run.TokensIn} tokens in, {run.TokensOut} out, {run.Rows} rows{(run.Cost > 0 ? $", cost {run.Cost:0.####}" : "")}{(run.Guardrails.Count > 0 ? $"; guardrails: {string.Join("; ", run.Guardrails)}" : "")}"));

        void Line(string text) => terminal.Out.WriteLine(SafeText.Of(text));
    }

    private static string Result(InvestigationView run) => run.End == "answered"
        ? run.Verdict is null ? "answered" : string.Create(CultureInfo.InvariantCulture, $"{run.Verdict.Replace('_', ' ')}, {run.Confidence} %")
        : $"{run.End.Replace('_', ' ')}. {run.EndText} The rules' result stands.";
}
