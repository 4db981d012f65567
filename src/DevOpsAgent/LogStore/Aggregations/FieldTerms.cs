using DevOpsAgent.Addresses;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;
using DevOpsAgent.LogStore.Search;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>
/// The distinct values of a field over all segments, numbered, and per document the number of its value plus one (0: none).
/// Counting is then adding to an array. Kept with the index until it changes.
/// </summary>
internal sealed class FieldTerms
{
    private readonly TextDictionary _texts = new();
    private readonly List<ClientAddress> _addresses = [];
    private readonly List<long> _numbers = [];
    private int[]? _ranks;
    private int[]? _byRank;

    private FieldTerms(FieldMapping? field, int segments)
    {
        Field = field;
        Codes = new int[segments][];
        Extras = new ExtraValues[segments];
    }

    public FieldMapping? Field { get; }

    public int[][] Codes { get; }

    public ExtraValues[] Extras { get; }

    public int Count => Field is null ? 0 : Field.Type == FieldType.Ip ? _addresses.Count : Field.Type.IsText() ? _texts.Count : _numbers.Count;

    public bool HasExtras { get; private set; }

    /// <summary>Place of each value in the order of values.</summary>
    public int[] Ranks
    {
        get
        {
            if (_ranks is null)
            {
                var order = ByRank;
                var ranks = new int[order.Length];
                for (var i = 0; i < order.Length; i++)
                {
                    ranks[order[i]] = i;
                }

                _ranks = ranks;
            }

            return _ranks;
        }
    }

    /// <summary>Values in their order.</summary>
    public int[] ByRank
    {
        get
        {
            if (_byRank is null)
            {
                var order = new int[Count];
                for (var i = 0; i < order.Length; i++)
                {
                    order[i] = i;
                }

                Array.Sort(order, Compare);
                _byRank = order;
            }

            return _byRank;
        }
    }

    public ReadOnlySpan<byte> Text(int code) => _texts[code];

    public ClientAddress Address(int code) => _addresses[code];

    public long Number(int code) => _numbers[code];

    public static FieldTerms Of(AggregationScope scope, string name)
    {
        if (scope.Views.Count == 0 || name == "_index" || scope.Views.Any(static v => v.Frozen is not null))
        {
            return Build(scope, name);
        }

        // Days that are over don't change: the values of several days are kept with the first of them, for this very set.
        var others = string.Join(',', scope.Views.Skip(1).Select(static v => $"{v.Index.Uuid}@{v.Index.Version}"));
        return scope.Views[0].Index.Cached($"terms {name} {others}", () => Build(scope, name));
    }

    private static FieldTerms Build(AggregationScope scope, string name)
    {
        var field = name == "_index" ? new FieldMapping("_index", FieldType.Keyword, "_index") : scope.Field(name);
        var terms = new FieldTerms(field, scope.Segments.Length);
        for (var s = 0; s < scope.Segments.Length; s++)
        {
            var (view, _, segment) = scope.Segments[s];
            terms.Extras[s] = new();
            if (name == "_index")
            {
                var code = terms._texts.Add(System.Text.Encoding.UTF8.GetBytes(view.Index.Name));
                terms.Codes[s] = new int[segment.Count];
                Array.Fill(terms.Codes[s], code + 1);
                continue;
            }

            terms.Codes[s] = [];
            var mapping = view.Find(name);
            if (mapping is not null && mapping.Type.IsText() == field!.Type.IsText() && (mapping.Type == FieldType.Ip) == (field.Type == FieldType.Ip) && mapping.Type.IsFraction() == field.Type.IsFraction())
            {
                terms.Take(s, segment, mapping);
            }
            else if (mapping is not null)
            {
                throw DslException.NotSupported($"aggregation on [{name}] with different types");
            }

            if (terms.Codes[s].Length == 0)
            {
                terms.Codes[s] = new int[segment.Count];
            }

            terms.HasExtras |= !terms.Extras[s].IsEmpty;
        }

        return terms;
    }

    private void Take(int s, Segment segment, FieldMapping mapping)
    {
        if (!mapping.Type.IsText())
        {
            Numbers(s, segment, mapping);
            return;
        }

        if (segment.FindTexts(mapping.Source) is not { } column)
        {
            return;
        }

        var map = mapping.Type == FieldType.Ip ? AddressMap(segment, mapping, column) : TextMap(mapping, column);
        var codes = new int[segment.Count];
        for (var doc = 0; doc < codes.Length; doc++)
        {
            codes[doc] = map[column.Ordinals[doc]];
        }

        Codes[s] = codes;
        for (var i = 0; i < column.Extras.Count; i++)
        {
            Extra(s, column.Extras.Docs[i], map[(int)column.Extras.Values[i] + 1]);
        }
    }

    /// <summary>A document counts once per distinct value.</summary>
    private void Extra(int s, int doc, int code)
    {
        if (code == 0)
        {
            return;
        }

        if (Codes[s][doc] == 0)
        {
            Codes[s][doc] = code;
            return;
        }

        var (start, end) = Extras[s].Of(doc);
        var known = Codes[s][doc] == code;
        for (var i = start; i < end; i++)
        {
            known |= Extras[s].Values[i] == code;
        }

        if (!known)
        {
            Extras[s].Add(doc, code);
        }
    }

    private int[] TextMap(FieldMapping mapping, TextColumn column)
    {
        var map = new int[column.Dictionary.Count + 1];
        for (var i = 1; i < map.Length; i++)
        {
            var text = column.Dictionary[i - 1];
            map[i] = Scan.IsTooLong(mapping, text) ? 0 : _texts.Add(text) + 1;
        }

        return map;
    }

    private int[] AddressMap(Segment segment, FieldMapping mapping, TextColumn column)
    {
        var addresses = Scan.AddressesOf(segment, mapping.Source, column);
        var known = new Dictionary<ClientAddress, int>();
        for (var i = 0; i < _addresses.Count; i++)
        {
            known[_addresses[i]] = i;
        }

        var map = new int[addresses.Length + 1];
        for (var i = 0; i < addresses.Length; i++)
        {
            if (!known.TryGetValue(addresses[i], out var code))
            {
                known[addresses[i]] = code = _addresses.Count;
                _addresses.Add(addresses[i]);
            }

            map[i + 1] = code + 1;
        }

        return map;
    }

    private void Numbers(int s, Segment segment, FieldMapping mapping)
    {
        if (segment.FindNumbers(mapping.Source) is not { } column)
        {
            return;
        }

        var known = new Dictionary<long, int>(_numbers.Count);
        for (var i = 0; i < _numbers.Count; i++)
        {
            known[_numbers[i]] = i;
        }

        var codes = new int[segment.Count];
        var last = long.MinValue;
        var lastCode = -1;
        for (var doc = 0; doc < codes.Length; doc++)
        {
            if (column.Has(doc))
            {
                if (lastCode < 0 || column.Values[doc] != last)
                {
                    last = column.Values[doc];
                    lastCode = Code(known, last);
                }

                codes[doc] = lastCode + 1;
            }
        }

        Codes[s] = codes;
        for (var i = 0; i < column.Extras.Count; i++)
        {
            Extra(s, column.Extras.Docs[i], Code(known, column.Extras.Values[i]) + 1);
        }
    }

    private int Code(Dictionary<long, int> known, long number)
    {
        if (!known.TryGetValue(number, out var code))
        {
            known[number] = code = _numbers.Count;
            _numbers.Add(number);
        }

        return code;
    }

    public int Compare(int a, int b) => Field!.Type switch
    {
        FieldType.Ip => _addresses[a].CompareTo(_addresses[b]),
        FieldType.Keyword or FieldType.Text => _texts[a].SequenceCompareTo(_texts[b]),
        _ => _numbers[a].CompareTo(_numbers[b]),
    };

    /// <summary>Every code of a document, lowest value first.</summary>
    public void Each(int segment, int doc, List<int> codes)
    {
        codes.Clear();
        if (Codes[segment][doc] == 0)
        {
            return;
        }

        codes.Add(Codes[segment][doc] - 1);
        var (start, end) = Extras[segment].Of(doc);
        for (var i = start; i < end; i++)
        {
            codes.Add((int)Extras[segment].Values[i] - 1);
        }
    }
}
