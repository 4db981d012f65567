using System.Globalization;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Incidents;

/// <summary>
/// When a recommendation became another one: who approves must have seen what it is now. Newer counts, another wording or
/// another diff of the same ranges are no change.
/// </summary>
/// <param name="Version">The incident's first version with it.</param>
/// <param name="What">"2 addresses more: 203.0.113.8/32, 203.0.113.9/32", "4h became 8h".</param>
internal sealed record RecommendationChange(long Version, string What)
{
    private const int Kept = 10;
    private const int Named = 5;

    /// <summary>The recommendation with its changes so far, newest last.</summary>
    /// <param name="before">Null: there was none.</param>
    /// <param name="version">The incident's version that will hold it.</param>
    public static Recommendation Mark(Recommendation? before, Recommendation after, long version)
    {
        if (version <= 1)
        {
            return after with { Changes = null };
        }

        var what = before is null ? "nothing was recommended" : Difference(before, after);
        return what.Length == 0
            ? after with { Changes = before!.Changes }
            : after with { Changes = [.. (before?.Changes ?? []).TakeLast(Kept - 1), new(version, what)] };
    }

    /// <summary>What changed since that version; null: nothing.</summary>
    public static string? Since(Recommendation recommendation, long version)
    {
        var newer = (recommendation.Changes ?? []).Where(c => c.Version > version).ToList();
        return newer.Count == 0 ? null : (newer.Count == Kept ? "much, last " : "") + string.Join("; ", newer.Select(static c => c.What));
    }

    private static string Difference(Recommendation before, Recommendation after)
    {
        var (had, has) = (before.Ranges.ToHashSet(), after.Ranges.ToHashSet());
        string?[] parts =
        [
            Ranges("more", [.. after.Ranges.Where(r => !had.Contains(r))]),
            Ranges("less", [.. before.Ranges.Where(r => !has.Contains(r))]),
            before.Ttl == after.Ttl ? null : $"{DurationText.Of(before.Ttl)} became {DurationText.Of(after.Ttl)}",
            before.Where == after.Where ? null : $"'{before.Where}' became '{after.Where}'",
        ];
        return string.Join(", ", parts.OfType<string>());
    }

    private static string? Ranges(string word, IReadOnlyList<Addresses.AddressRange> ranges) => ranges.Count == 0 ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"{ranges.Count} {(ranges.Count == 1 ? "address" : "addresses")} {word}: {string.Join(", ", ranges.Take(Named))}{(ranges.Count > Named ? ", ..." : "")}");
}
