using System.Globalization;
using DevOpsAgent.Addresses;
using DevOpsAgent.Agent.Guardrails;
using DevOpsAgent.Configuration;
using DevOpsAgent.Detection;
using DevOpsAgent.Incidents;

namespace DevOpsAgent.Agent;

/// <summary>
/// Holds a model's conclusion against what code knows: each citation must exist and concern the incident's client, and the
/// action is cut down to what the rules recommend. What is changed is said.
/// </summary>
internal sealed class ConclusionCheck(Incident incident, RunEvidence evidence, OutputRails rails, GuardrailLog log)
{
    private readonly List<string> _corrections = [];

    /// <returns>Null: a guardrail withholds what it says, and why.</returns>
    public Conclusion? Of(RawConclusion raw, out string? withheld)
    {
        var summary = raw.Summary;
        withheld = rails.Screen(ref summary, range => evidence.HasSeen(range) || incident.Clients.Any(range.Contains), log);
        if (withheld is not null)
        {
            return null;
        }

        if (summary != raw.Summary)
        {
            _corrections.Add("Addresses without evidence, links or secrets were taken out of the summary.");
        }

        var citations = raw.Evidence.Select(Trim).Where(static id => id.Length > 0).Distinct(StringComparer.Ordinal).Select(Cite).ToList();
        var (verdict, confidence) = (raw.Verdict, raw.Confidence);
        if (verdict != ModelVerdict.Unclear && !citations.Exists(static c => c.Holds))
        {
            _corrections.Add($"The verdict '{Name(verdict)}' rests on nothing that exists and concerns this client: taken as unclear.");
            (verdict, confidence) = (ModelVerdict.Unclear, 0);
        }

        return new()
        {
            Verdict = verdict,
            Confidence = confidence,
            Summary = summary,
            Evidence = citations,
            Action = Action(raw),
            Corrections = _corrections,
        };
    }

    /// <summary>Where the model and the rules differ; null: they don't. The rules stand either way.</summary>
    public static string? Disagreement(Incident incident, Conclusion conclusion)
    {
        var rules = incident.Recommendation is { } r ? r.Action.ToString().ToLowerInvariant() : "record";
        return conclusion.Verdict switch
        {
            ModelVerdict.FalsePositive => string.Create(CultureInfo.InvariantCulture, $"The rules found {incident.Threat} ({rules}); the model takes it for a false positive ({conclusion.Confidence} %). The rules' result stands."),
            ModelVerdict.Confirmed when incident.Recommendation is null or { Action: RuleAction.Record } => $"The rules only record this; the model takes it for an attack ({conclusion.Confidence.ToString(CultureInfo.InvariantCulture)} %). Nothing is recommended for that.",
            _ => null,
        };
    }

    private ProposedAction Action(RawConclusion raw)
    {
        if (raw.Action != "block")
        {
            return new(raw.Action, [], 0);
        }

        if (incident.Recommendation is not { Action: not RuleAction.Record } allowed)
        {
            _corrections.Add("The model would block; the rules don't recommend that, so it is only watched.");
            return new("watch", [], 0);
        }

        if (allowed.Forbidden is { } forbidden)
        {
            _corrections.Add($"The model would block; that must not be: {forbidden}");
            return new("watch", [], 0);
        }

        var ranges = raw.Ranges.Count == 0 ? allowed.Ranges : Ranges(raw.Ranges, allowed.Ranges);
        if (ranges.Count == 0)
        {
            _corrections.Add("None of the addresses that the model would block is one that the rules recommend: nothing is proposed.");
            return new("watch", [], 0);
        }

        var ttl = allowed.Ttl;
        if (raw.Ttl is { } text && DurationText.TryParse(text, out var asked))
        {
            ttl = asked < allowed.Ttl ? asked : allowed.Ttl;
            if (asked > allowed.Ttl)
            {
                _corrections.Add($"{DurationText.Of(asked)} is longer than the rules recommend: {DurationText.Of(allowed.Ttl)}.");
            }
        }

        return new("block", [.. ranges.Select(static r => r.ToCidr())], (long)ttl.TotalSeconds);
    }

    private List<AddressRange> Ranges(IReadOnlyList<string> asked, IReadOnlyList<AddressRange> allowed)
    {
        var ranges = new List<AddressRange>();
        foreach (var text in asked)
        {
            // The text is not repeated: it is whatever the model wrote.
            if (!OutputRails.IsCanonical(text, out var range))
            {
                _corrections.Add("An address that is not in canonical form was left out.");
            }
            else if (!allowed.Contains(range))
            {
                _corrections.Add($"{range} was left out: the rules recommend nothing against it.");
            }
            else if (!ranges.Contains(range))
            {
                ranges.Add(range);
            }
        }

        return ranges;
    }

    private Citation Cite(string id)
    {
        if (evidence.Find(id) is { } query)
        {
            return query.Concerns(incident.Clients)
                ? new(id, true, string.Create(CultureInfo.InvariantCulture, $"query of this run, {query.Hits} events"))
                : new(id, false, query.Hits == 0 ? "this query found nothing" : "this query shows nothing of this client");
        }

        if (Rest(id, "rule:") is { } rule && incident.Evidence.Rules.FirstOrDefault(r => r.RuleId == rule) is { } counted)
        {
            return new(id, counted.Fired, counted.Fired ? counted.Title : "this rule did not fire");
        }

        if (Rest(id, "sample:") is { } number && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var sample) && sample >= 1 && sample <= incident.Evidence.Samples.Count)
        {
            return new(id, true, "a line of the evidence");
        }

        return Rest(id, "incident:") == incident.Id.ToString(CultureInfo.InvariantCulture)
            ? new(id, true, "this incident")
            : new(Known(id), false, "there is no such evidence of this client");
    }

    /// <summary>What isn't an id is not shown as one.</summary>
    private static string Known(string id) => id.Length <= 40 && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is ':' or '-' or '_') ? id : "unreadable id";

    private static string Trim(string id) => id.Trim().Trim('[', ']', '"', '`').Trim();

    private static string? Rest(string id, string head) => id.StartsWith(head, StringComparison.Ordinal) ? id[head.Length..] : null;

    private static string Name(ModelVerdict verdict) => verdict switch { ModelVerdict.Confirmed => "confirmed", ModelVerdict.FalsePositive => "false positive", _ => "unclear" };
}
