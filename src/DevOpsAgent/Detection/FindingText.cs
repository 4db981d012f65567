using System.Globalization;

namespace DevOpsAgent.Detection;

/// <summary>The one sentence of a finding, made from counts only: no text of the log gets in.</summary>
internal static class FindingText
{
    /// <summary>Orders rules of one threat: action first, then severity.</summary>
    public static int RankOf(Rule rule) => (int)rule.Action * 8 + (int)rule.Severity;

    public static string Summary(Rule rule, EvidenceRecord record, ClientState state)
    {
        var time = For(record.Start, record.Last);
        var answers = Answers(record.Refused, record.Matched);
        if (rule.Action == RuleAction.Record)
        {
            return $"{rule.Title}: {Number(record.Matched, "request")} to {Number(record.DistinctPaths, "path")}{time}, {answers}.";
        }

        var what = rule.Threat switch
        {
            "secrets-scan" => $"Asked for {Number(record.DistinctPaths, "secret file")}{time}, {answers}",
            "vulnerability-scan" => $"Sent {Number(record.Matched, "attack probe")} to {Number(record.DistinctPaths, "path")}{time}, {answers}",
            "directory-scan" => $"Guessed {Number(record.DistinctPaths, "path")} in {Number(record.Matched, "request")}{time}, {answers}",
            "credential-stuffing" => $"Tried to sign in {Number(record.Matched, "time")}{time}, {answers}",
            _ => $"{rule.Title}: {Number(record.Matched, "matching request")} to {Number(record.DistinctPaths, "path")}{time}, {answers}",
        };
        var other = state.Requests - record.RequestsBefore - record.Matched;
        return state.Pages == 0 && state.Assets == 0 ? $"{what}; never loaded an ordinary page, style or image."
            : other <= 0 ? $"{what}."
            : $"{what}, among {Number(other, "other request")}.";
    }

    public static string CampaignSummary(int members, int paths, long requests, long start, long last) =>
        $"{members.ToString(CultureInfo.InvariantCulture)} addresses asked for {Number(paths, "secret or attacked path")}{For(start, last)} in {Number(requests, "request")}, hardly any path twice: one scan spread over many addresses.";

    public static string Number(long count, string noun) =>
        $"{count.ToString("N0", CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : "s")}";

    private static string Answers(long refused, long matched) => refused switch
    {
        0 => matched == 1 ? "not refused" : "none refused",
        _ when refused == matched => matched == 1 ? "refused" : "all refused",
        _ => $"{refused.ToString("N0", CultureInfo.InvariantCulture)} refused",
    };

    private static string For(long start, long last)
    {
        var time = TimeSpan.FromTicks(Math.Max(0, last - start));
        return time.TotalSeconds < 1 ? "" : time.TotalSeconds < 120 ? $" in {Math.Round(time.TotalSeconds)} s"
            : time.TotalMinutes < 120 ? $" in {Math.Round(time.TotalMinutes)} min" : time.TotalHours < 48
            ? $" in {Math.Round(time.TotalHours)} h" : $" in {Math.Round(time.TotalDays)} days";
    }
}
