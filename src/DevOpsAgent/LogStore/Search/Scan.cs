using DevOpsAgent.Addresses;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search.Terms;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Documents of a segment by the values of one column. Texts are judged once per distinct value.</summary>
internal static class Scan
{
    public static Bits Any(Segment segment, FieldMapping field)
    {
        if (field.Type.IsText())
        {
            return Texts(segment, field, null);
        }

        var bits = new Bits(segment.Count);
        if (segment.FindNumbers(field.Source) is { } column)
        {
            Array.Copy(column.Present, bits.Words, bits.Words.Length);
        }

        return bits;
    }

    /// <summary>Values from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public static Bits Numbers(Segment segment, FieldMapping field, long low, long high)
    {
        var bits = new Bits(segment.Count);
        if (low > high || segment.FindNumbers(field.Source) is not { } column)
        {
            return bits;
        }

        var values = column.Values;
        var words = bits.Words;
        var width = (ulong)high - (ulong)low;
        for (var w = 0; w < words.Length; w++)
        {
            var present = column.Present[w];
            if (present == 0)
            {
                continue;
            }

            ulong word = 0;
            var block = values.AsSpan(w << 6, Math.Min(64, segment.Count - (w << 6)));
            for (var i = 0; i < block.Length; i++)
            {
                word |= ((ulong)block[i] - (ulong)low <= width ? 1UL : 0UL) << i;
            }

            words[w] = word & present;
        }

        for (var i = 0; i < column.Extras.Count; i++)
        {
            if (column.Extras.Values[i] >= low && column.Extras.Values[i] <= high)
            {
                bits.Set(column.Extras.Docs[i]);
            }
        }

        return bits;
    }

    /// <summary>Documents with a text that the matcher means; with any, where it is null.</summary>
    public static Bits Texts(Segment segment, FieldMapping field, TermMatcher? matcher)
    {
        if (segment.FindTexts(field.Source) is not { } column)
        {
            return new(segment.Count);
        }

        if (matcher?.Single is { } single)
        {
            var ordinal = IsTooLong(field, single) ? -1 : column.Dictionary.Find(single);
            return ordinal < 0 ? new(segment.Count) : Ordinal(segment, column, ordinal);
        }

        var known = matcher is RegexpTerms { IsRemembered: true } regexp ? segment.Lasting($"regexps {field.Source}", static () => new RegexpMemo()).Wanted(regexp, column.Dictionary) : null;
        var wanted = new bool[column.Dictionary.Count];
        for (var i = 0; i < wanted.Length; i++)
        {
            var text = column.Dictionary[i];
            wanted[i] = !IsTooLong(field, text) && (known?[i] ?? matcher?.IsMatch(text) ?? true);
        }

        return Ordinals(segment, column, wanted);
    }

    public static Bits Addresses(Segment segment, FieldMapping field, Func<ClientAddress, bool> isWanted)
    {
        if (segment.FindTexts(field.Source) is not { } column)
        {
            return new(segment.Count);
        }

        var addresses = AddressesOf(segment, field.Source, column);
        var wanted = new bool[addresses.Length];
        for (var i = 0; i < wanted.Length; i++)
        {
            wanted[i] = isWanted(addresses[i]);
        }

        return Ordinals(segment, column, wanted);
    }

    /// <summary>The addresses of an ip column's distinct texts.</summary>
    public static ClientAddress[] AddressesOf(Segment segment, string name, TextColumn column) => segment.Derived($"ip {name}", s =>
    {
        var addresses = new ClientAddress[column.Dictionary.Count];
        for (var i = 0; i < addresses.Length; i++)
        {
            // What isn't an address was refused when it came: all of them parse.
            _ = IpText.TryParse(column.Dictionary[i], out addresses[i]);
        }

        return addresses;
    });

    public static Bits Ordinals(Segment segment, TextColumn column, bool[] wanted)
    {
        var bits = new Bits(segment.Count);
        var words = bits.Words;
        var shifted = new byte[wanted.Length + 1];
        for (var i = 0; i < wanted.Length; i++)
        {
            shifted[i + 1] = wanted[i] ? (byte)1 : (byte)0;
        }

        for (var w = 0; w < words.Length; w++)
        {
            ulong word = 0;
            var block = column.Ordinals.AsSpan(w << 6, Math.Min(64, segment.Count - (w << 6)));
            for (var i = 0; i < block.Length; i++)
            {
                word |= (ulong)shifted[block[i]] << i;
            }

            words[w] = word;
        }

        for (var i = 0; i < column.Extras.Count; i++)
        {
            if (wanted[(int)column.Extras.Values[i]])
            {
                bits.Set(column.Extras.Docs[i]);
            }
        }

        return bits;
    }

    private static Bits Ordinal(Segment segment, TextColumn column, int ordinal)
    {
        var bits = new Bits(segment.Count);
        var words = bits.Words;
        for (var w = 0; w < words.Length; w++)
        {
            ulong word = 0;
            var block = column.Ordinals.AsSpan(w << 6, Math.Min(64, segment.Count - (w << 6)));
            for (var i = 0; i < block.Length; i++)
            {
                word |= (block[i] == ordinal + 1 ? 1UL : 0UL) << i;
            }

            words[w] = word;
        }

        for (var i = 0; i < column.Extras.Count; i++)
        {
            if (column.Extras.Values[i] == ordinal)
            {
                bits.Set(column.Extras.Docs[i]);
            }
        }

        return bits;
    }

    /// <summary>Over the field's ignore_above, and so not in its index.</summary>
    public static bool IsTooLong(FieldMapping field, ReadOnlySpan<byte> text) =>
        text.Length > field.IgnoreAbove && System.Text.Encoding.UTF8.GetCharCount(text) > field.IgnoreAbove;
}
