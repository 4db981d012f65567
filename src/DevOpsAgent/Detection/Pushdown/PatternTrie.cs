using System.Text;

namespace DevOpsAgent.Detection.Pushdown;

/// <summary>Patterns as sequences of atoms, written as one alternation that shares beginnings: a(dmin|pi).</summary>
internal sealed class PatternTrie
{
    private readonly SortedDictionary<string, PatternTrie> _next = new(StringComparer.Ordinal);
    private bool _ends;

    public bool IsEmpty => _next.Count == 0 && !_ends;

    public void Add(ReadOnlySpan<string> atoms)
    {
        if (atoms.IsEmpty)
        {
            _ends = true;
            return;
        }

        if (!_next.TryGetValue(atoms[0], out var child))
        {
            _next.Add(atoms[0], child = new());
        }

        child.Add(atoms[1..]);
    }

    /// <summary>Alternations of at most so many characters each; together they hold all patterns.</summary>
    public IEnumerable<string> Split(int longest)
    {
        var parts = new List<string>();
        foreach (var part in Parts(longest))
        {
            if (parts.Count > 0 && parts.Sum(static p => p.Length + 1) + part.Length > longest)
            {
                yield return string.Join('|', parts);
                parts.Clear();
            }

            parts.Add(part);
        }

        if (parts.Count > 0)
        {
            yield return string.Join('|', parts);
        }
    }

    private IEnumerable<string> Parts(int longest)
    {
        if (_ends)
        {
            // An empty alternative would be read as a bar to be matched.
            yield return "()";
        }

        foreach (var (atom, child) in _next)
        {
            var whole = atom + child.Write();
            if (whole.Length <= longest || child._next.Count == 0)
            {
                yield return whole;
                continue;
            }

            foreach (var part in child.Split(longest - atom.Length - 2))
            {
                yield return part.Contains('|', StringComparison.Ordinal) ? $"{atom}({part})" : atom + part;
            }
        }
    }

    private string Write()
    {
        if (_next.Count == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var (atom, child) in _next)
        {
            text.Append(text.Length > 0 ? "|" : "").Append(atom).Append(child.Write());
        }

        return _ends ? $"({text})?" : _next.Count > 1 ? $"({text})" : text.ToString();
    }
}
