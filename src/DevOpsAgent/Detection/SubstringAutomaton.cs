namespace DevOpsAgent.Detection;

/// <summary>
/// Finds which of many texts occur anywhere in a buffer, in one pass (Aho-Corasick over bytes as a full table). Each
/// text carries a mask of lists; the result is the union. Immutable.
/// </summary>
internal sealed class SubstringAutomaton
{
    /// <summary>Most states of the table: the sum of all text lengths stays below.</summary>
    public const int MaxStates = ushort.MaxValue;

    private readonly ushort[] _class = new ushort[256];
    private readonly ushort[] _next;
    private readonly ulong[] _masks;
    private readonly int _classes;

    public SubstringAutomaton(IReadOnlyCollection<(byte[] Text, ulong Mask)> texts)
    {
        foreach (var b in texts.SelectMany(t => t.Text).Distinct())
        {
            _class[b] = (ushort)++_classes;
        }

        _classes++;
        var states = 1 + texts.Sum(t => t.Text.Length);
        if (states > MaxStates)
        {
            throw new ArgumentException($"The texts need more than {MaxStates} states.", nameof(texts));
        }

        _next = new ushort[states * _classes];
        _masks = new ulong[states];
        ushort count = 1;
        foreach (var (text, mask) in texts)
        {
            ushort state = 0;
            foreach (var b in text)
            {
                ref var next = ref _next[state * _classes + _class[b]];
                if (next == 0)
                {
                    next = count++;
                }

                state = next;
            }

            _masks[state] |= mask;
        }

        CompleteTable();
    }

    public ulong Match(ReadOnlySpan<byte> text)
    {
        ulong found = 0;
        var state = 0;
        foreach (var b in text)
        {
            state = _next[state * _classes + _class[b]];
            found |= _masks[state];
        }

        return found;
    }

    private void CompleteTable()
    {
        var fail = new ushort[_masks.Length];
        var queue = new Queue<ushort>();
        for (var c = 0; c < _classes; c++)
        {
            if (_next[c] != 0)
            {
                queue.Enqueue(_next[c]);
            }
        }

        while (queue.TryDequeue(out var state))
        {
            _masks[state] |= _masks[fail[state]];
            for (var c = 0; c < _classes; c++)
            {
                ref var next = ref _next[state * _classes + c];
                var other = _next[fail[state] * _classes + c];
                if (next == 0)
                {
                    next = other;
                }
                else
                {
                    fail[next] = other;
                    queue.Enqueue(next);
                }
            }
        }
    }
}
