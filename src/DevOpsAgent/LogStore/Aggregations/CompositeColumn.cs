using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>
/// One source of a composite: per document its values as places in the requested order, so that keys sort as numbers.
/// Places are even; an after key that isn't a value of its own lies on an odd place between.
/// </summary>
internal sealed class CompositeColumn
{
    private readonly CompositeSource _source;
    private readonly FieldTerms _terms;
    private readonly DateFormat? _format;
    private readonly long[] _keys;
    private readonly int[] _placeOfCode;
    private readonly int _missingPlace;

    public CompositeColumn(AggregationScope scope, CompositeSource source)
    {
        _source = source;
        _terms = scope.Terms(source.Field);
        _format = source.Format is { } format ? new DateFormat(format) : null;

        // Every value's bucket: itself for terms, the start of its interval for histograms.
        var rounding = source.Date is { } date ? new DateRounding(date) : null;
        var places = new int[_terms.Count];
        var keys = new List<long>();
        for (var rank = 0; rank < _terms.Count; rank++)
        {
            var code = _terms.ByRank[rank];
            var key = rounding is not null ? rounding.Round(_terms.Number(code)) : source.Kind == "histogram" ? (long)Math.Floor(Number(code) / source.Interval) : code;
            if (keys.Count == 0 || keys[^1] != key)
            {
                keys.Add(key);
            }

            places[code] = keys.Count - 1;
        }

        _keys = [.. keys];
        var first = source.MissingFirst ?? !source.Descending;
        _missingPlace = source.MissingBucket ? first ? 0 : (_keys.Length + 1) * 2 : -1;
        _placeOfCode = places;
        for (var code = 0; code < places.Length; code++)
        {
            places[code] = Place(places[code]);
        }
    }

    public string Name => _source.Name;

    /// <summary>Places are below this.</summary>
    public int Width => (_keys.Length + 2) * 2;

    public bool HasExtras => _terms.HasExtras;

    private int Place(int index) => ((_source.Descending ? _keys.Length - 1 - index : index) + 1) * 2;

    private double Number(int code) => _terms.Field!.Type.IsFraction() ? SortableDouble.Decode(_terms.Number(code)) : _terms.Number(code);

    /// <summary>The document's only place; -1 where it has none and missing ones don't count.</summary>
    public int Single(int segment, int doc) => _terms.Codes[segment][doc] is > 0 and var code ? _placeOfCode[code - 1] : _missingPlace;

    public void Each(int segment, int doc, List<int> places)
    {
        _terms.Each(segment, doc, places);
        for (var i = 0; i < places.Count; i++)
        {
            places[i] = _placeOfCode[places[i]];
        }

        if (places.Count == 0 && _missingPlace >= 0)
        {
            places.Add(_missingPlace);
        }
    }

    public void Write(Utf8JsonWriter json, int place)
    {
        if (place == _missingPlace)
        {
            json.WriteNullValue();
            return;
        }

        var index = (place / 2) - 1;
        var key = _keys[_source.Descending ? _keys.Length - 1 - index : index];
        switch (_source.Kind)
        {
            case "histogram": NumberJson.Write(json, key * _source.Interval); break;
            case "date_histogram" when _format is not null: json.WriteStringValue(_format.Format(key, TimeZones.Find(_source.Date!.TimeZone))); break;
            case "date_histogram": json.WriteNumberValue(key); break;
            default:
                if (_terms.Field!.Type == FieldType.Boolean)
                {
                    json.WriteBooleanValue(_terms.Number((int)key) != 0);
                }
                else
                {
                    TermKey.Write(json, _terms, (int)key, _format);
                }

                break;
        }
    }

    /// <summary>Where the last page's key lies among this page's.</summary>
    public int After(Literal value)
    {
        if (value.IsNull)
        {
            return _missingPlace >= 0 ? _missingPlace : throw DslException.Shard("illegal_argument_exception", $"Missing value for [after.{Name}]");
        }

        var low = 0;
        var high = _keys.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            var order = Compare(_keys[middle], value);
            if (order == 0)
            {
                return Place(middle);
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle);
        }

        // Between the keys before and the keys from low on.
        return _source.Descending ? ((_keys.Length - low) * 2) + 1 : (low * 2) + 1;
    }

    private int Compare(long key, Literal value)
    {
        if (_source.Kind == "histogram")
        {
            return value.TryDouble(out var number) ? (key * _source.Interval).CompareTo(number) : throw Bad(value);
        }

        if (_source.Kind == "date_histogram")
        {
            return key.CompareTo(Date(value));
        }

        var field = _terms.Field!;
        return field.Type switch
        {
            FieldType.Ip => IpText.TryParse(value.Text, out var address) ? _terms.Address((int)key).CompareTo(address) : throw Bad(value),
            FieldType.Keyword or FieldType.Text => _terms.Text((int)key).SequenceCompareTo(System.Text.Encoding.UTF8.GetBytes(value.Text)),
            FieldType.Date => _terms.Number((int)key).CompareTo(Date(value)),
            FieldType.Boolean => _terms.Number((int)key).CompareTo(value.Text == "true" ? 1L : 0L),
            _ => value.TryDouble(out var number) ? Number((int)key).CompareTo(number) : throw Bad(value),
        };
    }

    private long Date(Literal value) => long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var millis) && (_format is null || value.Kind == LiteralKind.Number)
        ? millis
        : (_format ?? _terms.Field!.Format).Parse(value.Text, false, TimeZones.Find(_source.Date?.TimeZone));

    private DslException Bad(Literal value) => DslException.Shard("illegal_argument_exception", $"Invalid value for [after.{Name}]: [{value.Text}]");
}
