using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>A value that hits are sorted by: a number, bytes of a text or address, or nothing.</summary>
internal readonly record struct SortValue(long Number, byte[]? Bytes, bool IsMissing);

/// <summary>The values of one sort level in one index.</summary>
internal sealed class SortColumn
{
    private readonly IndexView _view;
    private readonly SortField _sort;
    private readonly NumberColumn?[] _numbers;
    private readonly TextColumn?[] _texts;
    private readonly long _missing;
    private readonly byte[]? _missingBytes;

    public SortColumn(IndexView view, SortField sort, long now)
    {
        _view = view;
        _sort = sort;
        _numbers = new NumberColumn?[view.Segments.Length];
        _texts = new TextColumn?[view.Segments.Length];
        if (sort.IsScore || sort.IsDoc)
        {
            return;
        }

        if (sort.Field is "_id" or "_index")
        {
            throw sort.Field == "_index" ? DslException.NotSupported("sort _index")
                : DslException.Shard("illegal_argument_exception", "Fielddata access on the _id field is disallowed, you can re-enable it by updating the dynamic cluster setting: indices.id_field_data.enabled");
        }

        Field = view.Find(sort.Field);
        Type = Field?.Type ?? Unmapped(sort);
        if (Type == FieldType.Text)
        {
            throw DslException.Shard("illegal_argument_exception", Aggregations.AggregationCheck.Fielddata(sort.Field, view.Index.Name));
        }

        if (sort.Mode is "sum" or "avg" or "median")
        {
            throw DslException.NotSupported($"sort.mode {sort.Mode}");
        }

        for (var s = 0; s < view.Segments.Length && Field is not null; s++)
        {
            if (Type.IsText())
            {
                _texts[s] = view.Segments[s].FindTexts(Field.Source);
            }
            else
            {
                _numbers[s] = view.Segments[s].FindNumbers(Field.Source);
            }
        }

        _missing = sort.MissingFirst != sort.Descending ? long.MinValue : long.MaxValue;
        if (sort.MissingValue is { } value)
        {
            if (Type.IsText())
            {
                _missingBytes = Bytes(value);
            }
            else
            {
                _missing = Number(value, now);
            }
        }
        else if (Type.IsFraction())
        {
            _missing = SortableDouble.Encode(_missing == long.MaxValue ? double.PositiveInfinity : double.NegativeInfinity);
        }
    }

    public FieldMapping? Field { get; }

    public FieldType Type { get; }

    private static FieldType Unmapped(SortField sort) => sort.UnmappedType is { } name
        ? FieldTypes.TryParse(name, out var type) ? type : throw DslException.QueryShard($"No mapping found for [{sort.Field}] in order to sort on")
        : throw DslException.QueryShard($"No mapping found for [{sort.Field}] in order to sort on");

    /// <summary>Numbers that sort like the values, for levels that have them: the fast way.</summary>
    public NumberColumn? Plain(int segment) => _numbers[segment] is { Extras.IsEmpty: true } column ? column : null;

    public long Missing => _missing;

    public SortValue Value(int segment, int doc, float score)
    {
        if (_sort.IsScore)
        {
            return new(SortableDouble.Encode(score), null, false);
        }

        if (_sort.IsDoc)
        {
            return new(_view.FirstDoc[segment] + doc, null, false);
        }

        if (Type.IsText())
        {
            return Text(segment, doc);
        }

        if (_numbers[segment] is not { } column || !column.Has(doc))
        {
            return new(_missing, null, false);
        }

        var value = column.Values[doc];
        var (start, end) = column.Extras.Of(doc);
        var most = _sort.Mode is { } mode ? mode == "max" : _sort.Descending;
        for (var i = start; i < end; i++)
        {
            value = most ? Math.Max(value, column.Extras.Values[i]) : Math.Min(value, column.Extras.Values[i]);
        }

        return new(value, null, false);
    }

    private SortValue Text(int segment, int doc)
    {
        byte[]? best = null;
        if (_texts[segment] is { } column)
        {
            var most = _sort.Mode is { } mode ? mode == "max" : _sort.Descending;
            if (column.Ordinals[doc] is > 0 and var ordinal)
            {
                Better(column, ordinal - 1, most, ref best);
            }

            var (start, end) = column.Extras.Of(doc);
            for (var i = start; i < end; i++)
            {
                Better(column, (int)column.Extras.Values[i], most, ref best);
            }
        }

        return best is not null ? new(0, best, false) : _missingBytes is not null ? new(0, _missingBytes, false) : new(0, null, true);
    }

    private void Better(TextColumn column, int ordinal, bool most, ref byte[]? best)
    {
        var text = column.Dictionary[ordinal];
        if (Scan.IsTooLong(Field!, text))
        {
            return;
        }

        var bytes = Type == FieldType.Ip ? AddressBytes(text) : text.ToArray();
        if (best is null || (bytes.AsSpan().SequenceCompareTo(best) is var order && (most ? order > 0 : order < 0)))
        {
            best = bytes;
        }
    }

    private static byte[] AddressBytes(ReadOnlySpan<byte> text)
    {
        _ = IpText.TryParse(text, out var address);
        var bytes = new byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, address.High);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), address.Low);
        return bytes;
    }

    private byte[] Bytes(Literal value) => Type == FieldType.Ip ? AddressBytes(System.Text.Encoding.UTF8.GetBytes(value.Text)) : System.Text.Encoding.UTF8.GetBytes(value.Text);

    private long Number(Literal value, long now)
    {
        if (Type == FieldType.Date)
        {
            return DateMath.Parse(value.Text, value.Kind == LiteralKind.Number ? DateFormat.Default : _sort.Format is { } format ? new DateFormat(format) : Field?.Format ?? DateFormat.Default, false, TimeZoneInfo.Utc, now);
        }

        if (Type == FieldType.Boolean)
        {
            return value.Text == "true" ? 1 : 0;
        }

        if (!value.TryDouble(out var number))
        {
            throw DslException.Shard("illegal_argument_exception", $"Failed to parse search_after value for field [{_sort.Field}].");
        }

        return Type.IsFraction() ? SortableDouble.Encode(Type == FieldType.Double ? number : (float)number)
            : long.TryParse(value.Text, System.Globalization.CultureInfo.InvariantCulture, out var whole) ? whole : (long)number;
    }

    /// <summary>A value of search_after.</summary>
    public SortValue After(Literal value, long now)
    {
        if (_sort.IsScore)
        {
            return new(value.TryDouble(out var score) ? SortableDouble.Encode((float)score) : throw DslException.Shard("illegal_argument_exception", "Failed to parse search_after value for field [_score]."), null, false);
        }

        if (_sort.IsDoc)
        {
            return new(value.TryDouble(out var doc) ? (long)doc : throw DslException.Shard("illegal_argument_exception", "Failed to parse search_after value for field [_doc]."), null, false);
        }

        return value.IsNull ? Type.IsText() ? new(0, null, true) : new(_missing, null, false)
            : Type.IsText() ? new(0, Bytes(value), false)
            : Type.IsFraction() && value.Text is "Infinity" or "-Infinity" ? new(SortableDouble.Encode(value.Text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity), null, false)
            : new(Number(value, now), null, false);
    }
}
