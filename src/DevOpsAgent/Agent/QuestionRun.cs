using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>A person's question, answered from logs and incidents with the same tools, budgets and guardrails.</summary>
internal sealed class QuestionRun(RunState run, string question)
{
    /// <summary>Characters.</summary>
    public const int MaxQuestion = 4_000;

    private const int MaxAnswer = 8_000;
    private const int Attempts = 3;

    // [q2], (q2), q2
    private static readonly Regex Citation = new("\\bq(?<number>[0-9]{1,6})\\b", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant);

    public async Task<Investigation> RunAsync(CancellationToken cancellationToken)
    {
        string? answer = null;
        var asked = question;
        try
        {
            if (run.Input.Screen("question", ref asked, run.Log) is { } withheld)
            {
                run.Session.Stop(RunEnd.Withheld, $"The question is not sent: {withheld} (guardrails.input_policy).");
            }
            else
            {
                answer = await AnswerAsync(asked, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            run.Session.Stop(RunEnd.Cancelled, "It was told to stop.");
        }

        return run.Close() with { Question = asked, Answer = answer };
    }

    private async Task<string?> AnswerAsync(string asked, CancellationToken cancellationToken)
    {
        var (fields, newest) = await run.LogsAsync(cancellationToken);
        run.Conversation.Add(ChatRole.System, Prompts.Question(fields, run.StartedAt, newest));
        run.Conversation.Add(ChatRole.User, asked);
        var tools = ToolDeck.Of(run.Parts.Gateway);
        for (var empty = 0; empty < Attempts;)
        {
            var last = run.Budget.IsLastTurn;
            if (last)
            {
                run.Conversation.Add(ChatRole.User, Prompts.AnswerNow);
            }

            if (await run.Session.AskAsync(last ? [] : tools, 0, cancellationToken) is not { } answer)
            {
                return null;
            }

            if (answer.Calls.Count > 0)
            {
                await run.CallAsync(answer, 0, _ => last ? "Nothing can be called any more." : null, cancellationToken);
                continue;
            }

            if (answer.Text.Trim() is { Length: > 0 } text && !LooksLikeMarkup(text))
            {
                var refused = Refusal.Is(text) && run.Evidence.Queries.Count == 0;
                run.Session.Stop(refused ? RunEnd.Refused : RunEnd.Answered, refused ? "The model would not answer." : "");
                return Cited(text.Length <= MaxAnswer ? text : text[..MaxAnswer] + "…");
            }

            empty++;
            run.Record.Note(0, answer.Text.Trim().Length == 0 ? "Nothing came: asked again." : "A page of markup came: asked again.");
            run.Conversation.Add(ChatRole.User, "That was no answer. Answer the question in plain text.");
        }

        run.Session.Stop(RunEnd.Garbled, "The model gave no answer that can be read.");
        return null;
    }

    /// <summary>A query that there was none of must not look like a source.</summary>
    private string Cited(string text) => Citation.Replace(text, m => run.Evidence.Find(m.Value) is null ? "(no such query)" : m.Value);

    /// <summary>A proxy's or a login's page in place of an answer.</summary>
    private static bool LooksLikeMarkup(string text)
    {
        var start = text.TrimStart();
        return start.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || start.StartsWith("<html", StringComparison.OrdinalIgnoreCase);
    }
}
