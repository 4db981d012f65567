using System.Globalization;
using DevOpsAgent.Detection;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Alerts;

namespace DevOpsAgent.Service;

/// <summary>Alerts of the guard about one process and one kind of thing, added to what is known of it.</summary>
internal static class ViolationMerge
{
    private const int MaxKinds = 50;
    private const int MaxActs = 20;
    private const int MaxText = 2_000;

    /// <summary>"process traefik".</summary>
    public static string SubjectOf(Alert alert) => "process " + Cut(alert.Violation.ProcessName, 100);

    /// <summary>"file-violation", "network-violation", ..., "circuit-breaker".</summary>
    public static string ThreatOf(Alert alert) => alert.Violation.Type == "breaker" ? "circuit-breaker" : Cut(alert.Violation.Type, 30) + "-violation";

    public static Severity SeverityOf(Violation violation) => Enum.TryParse<Severity>(violation.Severity, ignoreCase: true, out var severity) && Enum.IsDefined(severity) ? severity : Severity.Medium;

    /// <summary>The evidence so far with these added: what is the same counts up.</summary>
    /// <param name="alerts">At least one, in their order.</param>
    public static Evidence Into(Evidence? known, IReadOnlyList<Alert> alerts)
    {
        var process = known?.Process ?? new();
        var kinds = process.Violations.ToDictionary(static v => v.Detail, StringComparer.Ordinal);
        var acts = process.Acts.ToList();
        var others = process.Others;
        foreach (var alert in alerts)
        {
            var v = alert.Violation;
            var detail = Cut(v.Detail, MaxText);
            var before = kinds.GetValueOrDefault(detail);
            kinds[detail] = new()
            {
                Detail = detail,
                Rule = v.Rule is { } rule ? Cut(rule, MaxText) : null,
                Line = v.Line,
                Severity = SeverityOf(v),
                Action = v.Action,
                Method = Cut(v.Method, MaxText),
                Pid = v.Pid,
                Count = (before?.Count ?? 0) + alert.Count,
                FirstSeen = before is { FirstSeen: var first } && first < alert.First ? first : alert.First,
                LastSeen = before is { LastSeen: var last } && last > alert.Last ? last : alert.Last,
            };
            others += alert.HeldBack;
            acts.AddRange(alert.Responses.Select(r => new GuardAct(alert.Last, r.Action, r.Done, Cut(r.Text, MaxText), r.Receipt)));
        }

        var ordered = kinds.Values.OrderByDescending(static v => v.LastSeen).ToList();
        others += ordered.Skip(MaxKinds).Sum(static v => v.Count);
        var newest = alerts[^1].Violation;
        var tree = alerts.LastOrDefault(static a => a.Tree.Count > 0)?.Tree;
        var count = alerts.Sum(static a => a.Count + a.HeldBack) + (known?.Matched ?? 0);
        return new()
        {
            FirstSeen = known is { Matched: > 0 } ? known.FirstSeen : alerts.Min(static a => a.First),
            LastSeen = alerts.Max(static a => a.Last) is var seen && seen < known?.LastSeen ? known.LastSeen : seen,
            Requests = count,
            Matched = count,
            Process = new()
            {
                Process = Cut(newest.ProcessName, 100),
                Mode = newest.PolicyMode,
                Backend = newest.Backend,
                Violations = [.. ordered.Take(MaxKinds)],
                Others = others,
                Tree = tree is null ? process.Tree : [.. tree.Select(static n => new TreeProcess(n.Pid, n.ParentPid, Cut(n.Exe, MaxText), n.Uid, n.Role.ToString().ToLowerInvariant()))],
                Acts = acts.Count <= MaxActs ? acts : acts[^MaxActs..],
            },
        };
    }

    /// <summary>One sentence, made from the evidence: what, how often, and what came of it.</summary>
    public static string Summary(Evidence evidence)
    {
        var process = evidence.Process!;
        var worst = process.Violations.OrderByDescending(static v => v.Severity).ThenByDescending(static v => v.LastSeen).First();
        var times = evidence.Matched == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", {evidence.Matched:N0} times");
        var kinds = process.Violations.Count == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $" in {process.Violations.Count} ways");
        var killed = process.Acts.Any(static a => a is { Action: "kill_process", Done: true }) || process.Violations.Any(static v => v.Action == "killed");
        var isolated = process.Acts.Any(static a => a is { Action: "isolate_network", Done: true });
        var blocked = process.Violations.All(static v => v.Action == "blocked");
        var outcome = killed ? "It was killed." : isolated ? "Its network was cut off." : blocked ? evidence.Matched == 1 ? "It was blocked." : "Each time it was blocked." : "It was seen, not stopped.";
        return $"{process.Process} broke its policy{times}{kinds}: {Cut(worst.Detail, 300).Replace('\0', '\u2400')}. {outcome}"; // a column of text may end at a zero
    }

    private static string Cut(string text, int max) => text.Length <= max ? text : text[..max] + "…";
}
