namespace DevOpsAgent.Configuration;

/// <summary>All keys of a record, and how a group of YAML keys is read by them.</summary>
internal sealed class KeyTable<TOwner>
{
    private readonly Dictionary<string, ConfigKey<TOwner>> _byPath;
    private readonly HashSet<string> _sections;

    public KeyTable(IReadOnlyList<ConfigKey<TOwner>> keys)
    {
        Keys = keys;
        _byPath = keys.ToDictionary(static k => k.Path, StringComparer.Ordinal);
        _sections = [.. keys.SelectMany(static k => SectionsOf(k.Path))];
    }

    public IReadOnlyList<ConfigKey<TOwner>> Keys { get; }

    public ConfigKey<TOwner>? Find(string path) => _byPath.GetValueOrDefault(path);

    /// <summary>Reads a group of keys into the owner; each key that was read is told to <paramref name="onRead"/>. False: something was wrong and is reported.</summary>
    public bool TryRead(ConfigMap map, string prefix, KeyReader reader, ref TOwner owner, Action<string, ConfigNode>? onRead)
    {
        var fine = true;
        foreach (var (key, value) in map.Entries)
        {
            var path = prefix + key.Value;
            if (_byPath.TryGetValue(path, out var known))
            {
                if (known.TryRead(value, reader, ref owner))
                {
                    onRead?.Invoke(path, value);
                }
                else
                {
                    fine = false;
                }
            }
            else if (_sections.Contains(path))
            {
                fine &= TryReadSection(value, path, reader, ref owner, onRead);
            }
            else
            {
                reader.Report(key, Unknown(key.Value, prefix));
                fine = false;
            }
        }

        return fine;
    }

    /// <summary>"guards" and "guards.rate" of "guards.rate.calls".</summary>
    private static IEnumerable<string> SectionsOf(string path)
    {
        for (var dot = path.IndexOf('.', StringComparison.Ordinal); dot > 0; dot = path.IndexOf('.', dot + 1))
        {
            yield return path[..dot];
        }
    }

    private bool TryReadSection(ConfigNode value, string section, KeyReader reader, ref TOwner owner, Action<string, ConfigNode>? onRead)
    {
        switch (value)
        {
            case ConfigMap inner:
                return TryRead(inner, section + ".", reader, ref owner, onRead);
            case ConfigScalar { IsNull: true }: // all keys below it are commented out
                return true;
            default:
                var first = Keys.First(k => k.Path.StartsWith(section + ".", StringComparison.Ordinal)).Path[(section.Length + 1)..];
                reader.Report(value, $"'{section}' must be a group of keys, as '{section}:' and below it, indented, '{first}: ...', not {KeyReader.Kind(value)}");
                return false;
        }
    }

    private string Unknown(string written, string prefix)
    {
        string[] siblings = [.. _sections.Concat(Keys.Select(static k => k.Path)).Where(p => p.StartsWith(prefix, StringComparison.Ordinal))
            .Select(p => p[prefix.Length..]).Where(static p => !p.Contains('.', StringComparison.Ordinal))];
        var where = prefix.Length == 0 ? "" : $" in '{prefix.TrimEnd('.')}'";
        if (written == "<<")
        {
            return "merge keys (<<) are not supported; write the keys out";
        }

        if (NearestName.Of(written, siblings) is { } near)
        {
            return $"unknown key '{written}'{where}; did you mean '{near}'?";
        }

        // "ttl" at the top: right key, wrong place.
        var elsewhere = Keys.FirstOrDefault(k => k.Path.EndsWith("." + written, StringComparison.Ordinal))?.Path ?? (_sections.Contains(written) ? written : null);
        return elsewhere is null
            ? $"unknown key '{written}'{where}; known here: {string.Join(", ", siblings.Order(StringComparer.Ordinal))}"
            : $"unknown key '{written}'{where}; did you mean '{elsewhere}'?";
    }
}
