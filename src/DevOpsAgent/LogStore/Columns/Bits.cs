using System.Numerics;

namespace DevOpsAgent.LogStore.Columns;

/// <summary>A set of documents of one segment, one bit each.</summary>
internal sealed class Bits
{
    private readonly ulong[] _words;

    public Bits(int length)
    {
        Length = length;
        _words = new ulong[(length + 63) >> 6];
    }

    public int Length { get; }

    public ulong[] Words => _words;

    public bool this[int index] => (_words[index >> 6] >> index & 1) != 0;

    public static Bits Full(int length)
    {
        var bits = new Bits(length);
        Array.Fill(bits._words, ulong.MaxValue);
        bits.Trim();
        return bits;
    }

    public void Set(int index) => _words[index >> 6] |= 1UL << index;

    public void Clear(int index) => _words[index >> 6] &= ~(1UL << index);

    public int Count()
    {
        var count = 0;
        foreach (var word in _words)
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    public Bits And(Bits other)
    {
        for (var i = 0; i < _words.Length; i++)
        {
            _words[i] &= other._words[i];
        }

        return this;
    }

    public Bits Or(Bits other)
    {
        for (var i = 0; i < _words.Length; i++)
        {
            _words[i] |= other._words[i];
        }

        return this;
    }

    public Bits AndNot(Bits other)
    {
        for (var i = 0; i < _words.Length; i++)
        {
            _words[i] &= ~other._words[i];
        }

        return this;
    }

    public Bits Not()
    {
        for (var i = 0; i < _words.Length; i++)
        {
            _words[i] = ~_words[i];
        }

        Trim();
        return this;
    }

    public Bits Copy()
    {
        var copy = new Bits(Length);
        _words.CopyTo(copy._words, 0);
        return copy;
    }

    /// <summary>The members, in order.</summary>
    public int[] ToDocs()
    {
        var docs = GC.AllocateUninitializedArray<int>(Count());
        var n = 0;
        for (var i = 0; i < _words.Length; i++)
        {
            var word = _words[i];
            var first = i << 6;
            while (word != 0)
            {
                docs[n++] = first + BitOperations.TrailingZeroCount(word);
                word &= word - 1;
            }
        }

        return docs;
    }

    private void Trim()
    {
        if ((Length & 63) != 0)
        {
            _words[^1] &= (1UL << (Length & 63)) - 1;
        }
    }
}
