using DevOpsAgent.LogStore.Columns;

namespace DevOpsAgent.LogStore.Search.Terms;

/// <summary>
/// Which distinct texts of a column long regular expressions mean. Programs that watch send the same ones again and again:
/// each text is then looked at once. A column's texts only grow, so what was found stays true. Safe from any thread.
/// </summary>
internal sealed class RegexpMemo
{
    /// <summary>The least used go first.</summary>
    private const int Most = 256;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private long _clock;

    public bool[] Wanted(RegexpTerms matcher, TextDictionary texts)
    {
        Entry? entry;
        lock (_gate)
        {
            entry = _entries.GetValueOrDefault(matcher.Key);
        }

        var known = entry?.Known ?? 0;
        var wanted = new bool[texts.Count];
        for (var i = 0; i < wanted.Length; i++)
        {
            wanted[i] = i < known ? entry!.Found[i] : matcher.IsMatch(texts[i]);
        }

        Keep(matcher.Key, wanted, entry is not null && known == wanted.Length ? entry : null);
        return wanted;
    }

    private void Keep(string key, bool[] wanted, Entry? same)
    {
        var entry = same;
        if (entry is null)
        {
            entry = new(new Bits(wanted.Length), wanted.Length);
            for (var i = 0; i < wanted.Length; i++)
            {
                if (wanted[i])
                {
                    entry.Found.Set(i);
                }
            }
        }

        lock (_gate)
        {
            entry.Used = ++_clock;
            _entries[key] = entry;
            if (_entries.Count > Most)
            {
                _entries.Remove(_entries.MinBy(static e => e.Value.Used).Key);
            }
        }
    }

    private sealed class Entry(Bits found, int known)
    {
        public Bits Found => found;

        /// <summary>So many texts were looked at.</summary>
        public int Known => known;

        public long Used { get; set; }
    }
}
