using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore;

/// <summary>A second name of an index, perhaps for a part of its documents.</summary>
/// <param name="FilterJson">The filter as it was given.</param>
internal sealed record IndexAlias(string Index, QueryNode? Filter, System.Text.Json.JsonElement? FilterJson);

/// <summary>All indexes by name, their aliases, and the lock that keeps writers and readers apart.</summary>
internal sealed class IndexCatalog : IDisposable
{
    private readonly SortedDictionary<string, LogIndex> _indexes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, List<IndexAlias>> _aliases = new(StringComparer.Ordinal);

    public ReaderWriterLockSlim Lock { get; } = new();

    /// <summary>Told of each index that is made, and with null of each that is deleted.</summary>
    public Action<string, LogIndex?>? Changed { get; set; }

    public IReadOnlyDictionary<string, LogIndex> Indexes => _indexes;

    public IReadOnlyDictionary<string, List<IndexAlias>> Aliases => _aliases;

    public LogIndex Create(string name)
    {
        if (_indexes.TryGetValue(name, out var known))
        {
            throw new DslException("resource_already_exists_exception", $"index [{name}/{known.Uuid}] already exists");
        }

        if (_aliases.ContainsKey(name))
        {
            throw new DslException("invalid_index_name_exception", $"Invalid index name [{name}], already exists as alias");
        }

        CheckName(name);
        var index = new LogIndex(name);
        _indexes[name] = index;
        Changed?.Invoke(name, index);
        return index;
    }

    private static void CheckName(string name)
    {
        if (name.Length is 0 or > 255 || name.Any(char.IsUpper) || name[0] is '_' or '-' or '+' || name is "." or ".." || name.IndexOfAny(['\\', '/', '*', '?', '"', '<', '>', '|', ' ', ',', '#', ':', '\0']) >= 0)
        {
            throw new DslException("invalid_index_name_exception", $"Invalid index name [{name}], must be lowercase, at most 255 bytes, must not start with _ - + and not contain \\ / * ? \" < > | space , # :");
        }
    }

    public void Restore(LogIndex index) => _indexes[index.Name] = index;

    public void Delete(string name)
    {
        if (_indexes.Remove(name))
        {
            Changed?.Invoke(name, null);
        }

        foreach (var (alias, targets) in _aliases.ToList())
        {
            targets.RemoveAll(t => t.Index == name);
            if (targets.Count == 0)
            {
                _aliases.Remove(alias);
            }
        }
    }

    public void AddAlias(string alias, IndexAlias target)
    {
        if (!_aliases.TryGetValue(alias, out var targets))
        {
            _aliases[alias] = targets = [];
        }

        targets.RemoveAll(t => t.Index == target.Index);
        targets.Add(target);
    }

    public static DslException NotFound(string name) => new("index_not_found_exception", $"no such index [{name}]", 404);

    /// <summary>The index or aliased index that a write or a lookup by id goes to.</summary>
    public LogIndex Single(string name) => _indexes.TryGetValue(name, out var index) ? index
        : _aliases.TryGetValue(name, out var targets) ? targets.Count == 1 ? _indexes[targets[0].Index] : throw DslException.Argument($"alias [{name}] has more than one index associated with it, can't execute a single index op")
        : throw NotFound(name);

    /// <summary>Names, aliases and patterns, <c>-</c> before those to leave out. Patterns may find nothing, names must exist.</summary>
    /// <param name="ignoreUnavailable">Names that don't exist are skipped.</param>
    /// <param name="allowNone">Patterns may come to nothing.</param>
    public List<IndexView> Resolve(string expression, bool ignoreUnavailable = false, bool allowNone = true)
    {
        var found = new SortedDictionary<string, List<QueryNode>?>(StringComparer.Ordinal);
        var parts = expression.Split(',');
        var wasPattern = false;
        foreach (var part in parts)
        {
            var exclude = wasPattern && part.StartsWith('-');
            var name = exclude ? part[1..] : part is "_all" or "" ? "*" : part;
            var isPattern = NamePattern.HasWildcard(name);
            wasPattern |= isPattern;
            if (exclude)
            {
                foreach (var gone in found.Keys.Where(k => NamePattern.IsMatch(name, k)).ToList())
                {
                    found.Remove(gone);
                }

                continue;
            }

            Take(found, name, isPattern, ignoreUnavailable);
            if (found.Count == 0 && !allowNone)
            {
                throw NotFound(part);
            }
        }

        return [.. found.Select(f => new IndexView(_indexes[f.Key], f.Value is null or [] ? null : f.Value.Count == 1 ? f.Value[0] : new BoolQuery { Should = f.Value }))];
    }

    private void Take(SortedDictionary<string, List<QueryNode>?> found, string name, bool isPattern, bool ignoreUnavailable)
    {
        if (!isPattern)
        {
            if (_indexes.ContainsKey(name))
            {
                found[name] = null;
            }
            else if (_aliases.TryGetValue(name, out var targets))
            {
                targets.ForEach(t => Add(found, t));
            }
            else if (!ignoreUnavailable)
            {
                throw name.Contains(':', StringComparison.Ordinal) ? new("no_such_remote_cluster_exception", $"no such remote cluster: [{name[..name.IndexOf(':', StringComparison.Ordinal)]}]", 404) : NotFound(name);
            }

            return;
        }

        foreach (var index in _indexes.Keys.Where(k => NamePattern.IsMatch(name, k)))
        {
            found[index] = null;
        }

        foreach (var target in _aliases.Where(a => NamePattern.IsMatch(name, a.Key)).SelectMany(static a => a.Value))
        {
            Add(found, target);
        }
    }

    /// <summary>Through an alias only its part is seen, unless the index is also named itself.</summary>
    private static void Add(SortedDictionary<string, List<QueryNode>?> found, IndexAlias target)
    {
        if (target.Filter is null)
        {
            found[target.Index] = null;
        }
        else if (!found.TryGetValue(target.Index, out var filters))
        {
            found[target.Index] = [target.Filter];
        }
        else
        {
            filters?.Add(target.Filter);
        }
    }

    public void Dispose() => Lock.Dispose();
}
