using DevOpsAgent.Store;

namespace DevOpsAgent.Incidents;

internal enum AllowlistResult
{
    Added,

    /// <summary>It was there; its description or expiry is new.</summary>
    Changed,

    /// <summary>It was there just so. Nothing changed.</summary>
    AlreadyThere,
    Removed,
    Refused,
    NotFound,
}

/// <summary>What came of a change of the allowlist. Message is one sentence for people; Entry as it stands now, or stood before it was removed.</summary>
internal sealed record AllowlistOutcome(AllowlistResult Result, string Message, AllowlistEntry? Entry)
{
    public bool Succeeded => Result is not (AllowlistResult.Refused or AllowlistResult.NotFound);
}

/// <summary>What came of an import: rows added, changed and already there, and the rows that are wrong.</summary>
internal sealed record AllowlistImport(int Added, int Changed, int AlreadyThere, IReadOnlyList<CsvProblem> Problems)
{
    public IReadOnlyList<AllowlistEntry> Entries { get; init; } = [];
}

/// <summary>Adds and removes allowlist entries, with judgement of what is given. A fault of the database throws <see cref="StoreException"/>.</summary>
internal sealed class AllowlistDesk(IStore store, TimeProvider time)
{
    public const int MaxDescription = 500;

    /// <summary>Adds an entry, or brings description and expiry of the one with this value up to date: may be repeated.</summary>
    /// <param name="value">Address, CIDR range or DNS name.</param>
    /// <param name="expiresAt">Null: never.</param>
    /// <param name="force">True: also every address (/0).</param>
    public AllowlistOutcome Add(string? value, string? description, DateTimeOffset? expiresAt, bool force = false)
    {
        if (!AllowlistValue.TryParse(value, force, out var parsed, out var error))
        {
            return new(AllowlistResult.Refused, error, null);
        }

        var now = time.GetUtcNow();
        description = description?.Trim() ?? "";
        return DescriptionFault(description) is { } fault ? new(AllowlistResult.Refused, fault, null)
            : expiresAt <= now ? new(AllowlistResult.Refused, $"The expiry {expiresAt:u} is in the past.", null)
            : Save(new() { Value = parsed.Text, Description = description, CreatedAt = now, ExpiresAt = expiresAt });
    }

    public AllowlistOutcome Remove(long id)
    {
        var entry = store.GetAllowlist().FirstOrDefault(e => e.Id == id);
        return entry is not null && store.RemoveAllowlistEntry(id)
            ? new(AllowlistResult.Removed, $"{entry.Value} is no longer on the allowlist.", entry)
            : new(AllowlistResult.NotFound, $"There is no allowlist entry {id}.", null);
    }

    /// <summary>By value in any spelling: "203.0.113.7/32" removes "203.0.113.7".</summary>
    public AllowlistOutcome Remove(string value) =>
        AllowlistValue.TryParse(value, out var parsed) && store.GetAllowlist().FirstOrDefault(e => e.Value == parsed.Text) is { } entry
            ? Remove(entry.Id)
            : new(AllowlistResult.NotFound, $"There is no allowlist entry '{value}'.", null);

    /// <summary>Imports all rows, or, where any is wrong, none unless <paramref name="partial"/>.</summary>
    public AllowlistImport Import(string csv, bool partial, bool force = false)
    {
        var read = AllowlistCsv.Read(csv, time.GetUtcNow(), force);
        if (read.Problems.Count > 0 && !partial)
        {
            return new(0, 0, 0, read.Problems);
        }

        var known = store.GetAllowlist().ToDictionary(static e => e.Value, StringComparer.Ordinal);
        var changes = read.Entries
            .Select(e => known.TryGetValue(e.Value, out var there) ? there with { Description = e.Description, ExpiresAt = e.ExpiresAt } : e)
            .Where(e => !known.TryGetValue(e.Value, out var there) || !Same(e, there)).ToList();
        store.SaveAllowlist(changes);
        var values = read.Entries.Select(static e => e.Value).ToHashSet(StringComparer.Ordinal);
        var added = changes.Count(static e => e.Id == 0);
        return new(added, changes.Count - added, read.Entries.Count - changes.Count, read.Problems)
        {
            Entries = [.. store.GetAllowlist().Where(e => values.Contains(e.Value))],
        };
    }

    public string Export() => AllowlistCsv.Write(store.GetAllowlist());

    /// <summary>Null: fine.</summary>
    public static string? DescriptionFault(string description) =>
        description.Length > MaxDescription ? $"The description is longer than {MaxDescription} characters."
        : description.Any(char.IsControl) ? "The description has control characters or line breaks."
        : null;

    private AllowlistOutcome Save(AllowlistEntry entry)
    {
        var known = store.GetAllowlist().FirstOrDefault(e => e.Value == entry.Value);
        if (known is null)
        {
            var id = store.AddAllowlistEntry(entry);

            // Somebody may have added the same value in between: then it is theirs that stands.
            known = store.GetAllowlist().FirstOrDefault(e => e.Id == id) ?? entry with { Id = id };
            if (Same(known, entry))
            {
                return new(AllowlistResult.Added, $"{entry.Value} is on the allowlist.", known);
            }
        }

        if (Same(known, entry))
        {
            return new(AllowlistResult.AlreadyThere, $"{entry.Value} was already on the allowlist.", known);
        }

        var changed = known with { Description = entry.Description, ExpiresAt = entry.ExpiresAt };
        store.UpdateAllowlistEntry(changed);
        return new(AllowlistResult.Changed, $"{entry.Value} was already on the allowlist; description and expiry are changed.", changed);
    }

    private static bool Same(AllowlistEntry left, AllowlistEntry right) => left.Description == right.Description && left.ExpiresAt == right.ExpiresAt;
}
