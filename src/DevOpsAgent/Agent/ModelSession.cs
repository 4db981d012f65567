using System.Globalization;
using DevOpsAgent.Agent.Guardrails;
using DevOpsAgent.Agent.Tools;
using DevOpsAgent.Guards;
using DevOpsAgent.Store;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>
/// The exchanges of one run: each within the budgets, through the gateway, recorded before anybody sees what came. Ends the
/// run by name when no further exchange can be.
/// </summary>
internal sealed class ModelSession(ModelParts parts, RunTools run, RunRecord record, Conversation conversation, OutputRails rails)
{
    private const int MaxShrinks = 3;
    private const int MaxGuardrailText = 900;

    private string _lastPrompt = "";
    private int _shrinks;
    private int _cuts;
    private string? _withheld;

    /// <summary>Set once the run can't go on.</summary>
    public RunEnd? End { get; private set; }

    public string EndText { get; private set; } = "";

    public void Stop(RunEnd end, string text) => (End, EndText) = (End ?? end, End is null ? text : EndText);

    /// <summary>One answer of the model. Null: the run has ended, see <see cref="End"/>.</summary>
    /// <param name="tools">What it may call now.</param>
    public async Task<ModelAnswer?> AskAsync(IReadOnlyList<AITool> tools, int phase, CancellationToken cancellationToken)
    {
        while (End is null)
        {
            if (run.Budget.Exhausted is { } exhausted)
            {
                Stop(exhausted, run.Budget.Text(exhausted));
                break;
            }

            if (!conversation.Fit(InputLimit))
            {
                Stop(RunEnd.StoppedByTokens, "What is to be looked at is longer than the model may be sent (llm.context_window).");
                break;
            }

            var answer = await ExchangeAsync(tools, phase, cancellationToken);
            if (answer is not null && Settles(answer))
            {
                return answer;
            }
        }

        return null;
    }

    private int InputLimit => Math.Max(500, run.Budget.InputLimit >> _shrinks);

    /// <summary>False: ask again, or the run has ended.</summary>
    private bool Settles(ModelAnswer answer)
    {
        switch (answer.End)
        {
            case AnswerEnd.Complete or AnswerEnd.Length or AnswerEnd.Empty:
                if (_withheld is { } why)
                {
                    Stop(RunEnd.Withheld, $"What the model said is withheld: {why} (guardrails.output_policy).");
                    return false;
                }

                return true;
            case AnswerEnd.Refused:
                Stop(RunEnd.Refused, answer.Problem.Length > 0 ? answer.Problem : "The model or its provider would not answer.");
                return false;
            case AnswerEnd.Late:
                Stop(RunEnd.StoppedByTime, run.Budget.Text(RunEnd.StoppedByTime));
                return false;
            case AnswerEnd.Cancelled:
                Stop(RunEnd.Cancelled, "It was told to stop.");
                return false;
            case AnswerEnd.TooLong when _shrinks < MaxShrinks:
                _shrinks++;
                record.Note(0, "The model can't take so much at once: older results are left out.");
                return false;
            case AnswerEnd.TooLong:
                Stop(RunEnd.StoppedByTokens, "The model can't take even the shortest form of this.");
                return false;
            case AnswerEnd.Cut when _cuts++ == 0:
                // Half a call or half a conclusion is none: nothing of it is used.
                record.Note(0, "The answer broke off: asked again.");
                return false;
            case AnswerEnd.Cut:
                Stop(RunEnd.CutOff, $"The answer broke off twice. {answer.Problem}".Trim());
                return false;
            default:
                Stop(RunEnd.ProviderDown, answer.Problem.Length > 0 ? answer.Problem : "The provider can't be reached.");
                return false;
        }
    }

    private async Task<ModelAnswer?> ExchangeAsync(IReadOnlyList<AITool> tools, int phase, CancellationToken cancellationToken)
    {
        var prompt = conversation.Text();
        var turn = run.Budget.Turns + 1;
        var (cost, tokensIn, tokensOut, answerText) = (0.0, 0L, 0L, "");
        _withheld = null;
        var request = new ModelRequest(record.Run, turn, record.IncidentId, parts.Model, prompt, Cut(run.Log.Summary(), MaxGuardrailText))
        {
            Messages = conversation.Messages,
            Options = new() { ModelId = parts.Model, Tools = [.. tools], ToolMode = tools.Count == 0 ? null : ChatToolMode.Auto, Temperature = parts.Temperature, MaxOutputTokens = run.Budget.OutputLeft },
            TimeLimit = run.Budget.TimeLeft,
            Judge = raw =>
            {
                tokensIn = raw.TokensIn ?? TokenCount.Of(conversation.Messages);
                tokensOut = raw.TokensOut ?? TokenCount.Of(raw.Text) + TokenCount.Of(raw.Thoughts) + raw.Calls.Sum(static c => TokenCount.Of(CallArguments.Text(c.Arguments)));
                cost = run.Budget.Count(tokensIn, tokensOut);
                var (safe, withheld) = Screen(raw);
                _withheld = withheld;
                answerText = Answered(safe);
                return (safe, string.Create(CultureInfo.InvariantCulture,
                    $"{tokensIn} tokens in, {tokensOut} out, cost {cost:0.######}; answer sha256 {ModelRequest.Hash(answerText)}; guardrails: {Cut(run.Log.Summary(), MaxGuardrailText)}"));
            },
        };
        var answer = await parts.Gateway.CallAsync(parts.Ask, request, parts.Asker, record.IncidentId, cancellationToken);
        if (answer.Result?.Value is not ModelAnswer said)
        {
            Stop(cancellationToken.IsCancellationRequested ? RunEnd.Cancelled : RunEnd.NotRecorded, answer.Text);
            return null;
        }

        if (answer.Fault is not null)
        {
            // The receipt is missing: what was said may not be used, as if it had not been.
            Stop(RunEnd.NotRecorded, answer.Text);
            return null;
        }

        var shared = _lastPrompt.AsSpan().CommonPrefixLength(prompt);
        _lastPrompt = prompt;
        try
        {
            parts.Store.Add(new()
            {
                Run = record.Run,
                Turn = turn,
                IncidentId = record.IncidentId,
                At = parts.Time.GetUtcNow(),
                Model = parts.Model,
                PromptHash = request.PromptHash,
                Prompt = prompt[shared..],
                PromptFrom = shared,
                AnswerHash = ModelRequest.Hash(answerText),
                Answer = answerText,
                TokensIn = tokensIn,
                TokensOut = tokensOut,
                Cost = cost,
                Decision = run.Log.Summary(),
                Intent = answer.Intent,
            });
        }
        catch (StoreException e)
        {
            Stop(RunEnd.NotRecorded, e.Message);
            return null;
        }

        record.Said(phase, said);
        return said;
    }

    /// <summary>What the model said and thought, as it may be shown. Calls are judged by their own schemas.</summary>
    private (ModelAnswer Safe, string? Withheld) Screen(ModelAnswer raw)
    {
        var (text, thoughts) = (raw.Text, raw.Thoughts);
        var withheld = rails.Screen(ref text, run.Evidence.HasSeen, run.Log) ?? rails.Screen(ref thoughts, run.Evidence.HasSeen, run.Log);
        return withheld is null
            ? (raw with { Text = text, Thoughts = thoughts }, null)
            : (raw with { Text = "", Thoughts = "", Calls = [] }, withheld);
    }

    private static string Answered(ModelAnswer answer) =>
        $"{answer.Text}\n{string.Join('\n', answer.Calls.Select(static c => $"call {c.Name} {SecretText.Remove(CallArguments.Text(c.Arguments), out _)}"))}";

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];
}
