using System.Security.Cryptography;
using DevOpsAgent.Agent.Guardrails;

namespace DevOpsAgent.Agent;

/// <summary>What is kept of a run, as it goes on. Bounded, whatever the model does.</summary>
/// <param name="elapsed">Since the run began.</param>
/// <param name="onStep">Told of each step at once.</param>
internal sealed class RunRecord(long? incidentId, Func<TimeSpan> elapsed, Action<RunStep>? onStep)
{
    public const int MaxSteps = 80;

    private readonly List<RunStep> _steps = [];
    private int _dropped;

    /// <summary>16 hex.</summary>
    public string Run { get; } = RandomNumberGenerator.GetHexString(16, lowercase: true);

    public long? IncidentId => incidentId;

    public IReadOnlyList<RunStep> Steps => _dropped == 0 ? _steps : [.. _steps, new() { Kind = StepKind.Note, Text = $"{_dropped} steps more are not kept." }];

    public void Add(RunStep step)
    {
        step = step with { Milliseconds = (long)elapsed().TotalMilliseconds, Text = Cut(step.Text) };
        if (_steps.Count < MaxSteps)
        {
            _steps.Add(step);
        }
        else
        {
            _dropped++;
        }

        onStep?.Invoke(step);
    }

    public void Note(int phase, string text) => Add(new() { Kind = StepKind.Note, Phase = phase, Text = text, ByCode = true });

    public void Said(int phase, ModelAnswer answer)
    {
        if (answer.Thoughts.Trim() is { Length: > 0 } thoughts)
        {
            Add(new() { Kind = StepKind.Thought, Phase = phase, Text = thoughts });
        }

        if (answer.Text.Trim() is { Length: > 0 } text)
        {
            Add(new() { Kind = StepKind.Said, Phase = phase, Text = text });
        }
    }

    private static string Cut(string text) => text.Length <= RunStep.MaxText ? text : text[..(char.IsHighSurrogate(text[RunStep.MaxText - 1]) ? RunStep.MaxText - 1 : RunStep.MaxText)] + "…";
}
