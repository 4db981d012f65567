using DevOpsAgent.Guards;
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

    public AllowlistOutcome Add(Permit<AllowRequest> permit)
    {
        var request = permit.Take();
        if (!AllowlistValue.TryParse(request.Value, request.Force, out var parsed, out var error))
        {
            return new(AllowlistResult.Refused, error, null);
        }

        var replaced = request.Replaces is { } id ? store.GetAllowlist().FirstOrDefault(e => e.Id == id) : null;
        if (request.Replaces is not null && replaced is null)
        {
            return new(AllowlistResult.NotFound, $"There is no allowlist entry {request.Replaces}.", null);
        }

        var now = time.GetUtcNow();
        var description = request.Description.Trim();
        if (DescriptionFault(description) is { } fault)
        {
            return new(AllowlistResult.Refused, fault, null);
        }

        if (request.ExpiresAt <= now)
        {
            return new(AllowlistResult.Refused, $"The expiry {request.ExpiresAt:u} is in the past.", null);
        }

        // The new value stands before the old one goes: at no moment is a client that both cover open to a block.
        var outcome = Save(new() { Value = parsed.Text, Description = description, CreatedAt = now, ExpiresAt = request.ExpiresAt });
        if (outcome.Succeeded && replaced is not null && outcome.Entry!.Value != replaced.Value)
        {
            Remove(replaced.Id);
        }

        return outcome;
    }

    public AllowlistOutcome Remove(Permit<DisallowRequest> permit) => permit.Take() switch
    {
        { Id: { } id } => Remove(id),
        { Value: { } value } => Remove(value),
        _ => new(AllowlistResult.Refused, "Name the entry by its number or its value.", null),
    };

    private AllowlistOutcome Remove(long id)
    {
        var entry = store.GetAllowlist().FirstOrDefault(e => e.Id == id);
        return entry is not null && store.RemoveAllowlistEntry(id)
            ? new(AllowlistResult.Removed, $"{entry.Value} is no longer on the allowlist.", entry)
            : new(AllowlistResult.NotFound, $"There is no allowlist entry {id}.", null);
    }

    private AllowlistOutcome Remove(string value) =>
        AllowlistValue.TryParse(value, out var parsed) && store.GetAllowlist().FirstOrDefault(e => e.Value == parsed.Text) is { } entry
            ? Remove(entry.Id)
            : new(AllowlistResult.NotFound, $"There is no allowlist entry '{value}'.", null);

    public AllowlistImport Import(Permit<AllowImportRequest> permit)
    {
        var request = permit.Take();
        var read = AllowlistCsv.Read(request.Csv, time.GetUtcNow(), request.Force);
        if (read.Problems.Count > 0 && !request.Partial)
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
