using System.Globalization;

namespace DevOpsAgent.Agent.Guardrails;

/// <summary>What guardrails found in one run, counted. From several threads.</summary>
internal sealed class GuardrailLog
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(string What, GuardrailPolicy Policy), int> _counts = [];

    /// <param name="what">Direction and guardrail: "input secrets".</param>
    public void Add(string what, GuardrailPolicy policy, int count)
    {
        if (count > 0)
        {
            lock (_lock)
            {
                _counts[(what, policy)] = _counts.GetValueOrDefault((what, policy)) + count;
            }
        }
    }

    /// <summary>"input secrets: 2, sanitized"; one line per guardrail and policy.</summary>
    public IReadOnlyList<string> Lines()
    {
        lock (_lock)
        {
            return [.. _counts.Select(static c => string.Create(CultureInfo.InvariantCulture, $"{c.Key.What}: {c.Value}, {Word(c.Key.Policy)}"))];
        }
    }

    /// <summary>In one line, for receipts; "nothing found" where there was nothing.</summary>
    public string Summary() => Lines() is { Count: > 0 } lines ? string.Join("; ", lines) : "nothing found";

    private static string Word(GuardrailPolicy policy) => policy switch
    {
        GuardrailPolicy.Block => "withheld",
        GuardrailPolicy.Sanitize => "sanitized",
        _ => "let pass",
    };
}
