using System.Globalization;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>The numbers of a field's documents, with a stand-in for those that have none.</summary>
internal sealed class FieldNumbers
{
    private readonly AggregationScope _scope;
    private readonly NumberColumn?[] _columns;
    private readonly bool[] _fractions;
    private readonly double? _missing;

    public FieldNumbers(AggregationScope scope, string field, Literal? missing)
    {
        _scope = scope;
        Field = scope.Field(field);
        _columns = [.. Enumerable.Range(0, scope.Segments.Length).Select(s => scope.Numbers(s, field))];
        _fractions = [.. scope.Segments.Select(s => s.View.Find(field)?.Type.IsFraction() == true)];
        _missing = missing is { } value ? Number(value) : null;
    }

    public FieldMapping? Field { get; }

    private double Number(Literal value) =>
        Field?.Type == FieldType.Date ? DateMath.Parse(value.Text, Field.Format, false, TimeZoneInfo.Utc, _scope.Now)
        : double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
        : throw DslException.Shard("number_format_exception", $"For input string: \"{value.Text}\"");

    /// <summary>The plain numbers of a segment where no document has several and none stands in for missing ones; null otherwise.</summary>
    public NumberColumn? Plain(int segment) => _missing is null && !_fractions[segment] && _columns[segment] is { Extras.IsEmpty: true } column ? column : null;

    /// <summary>Values of one document; in ascending order where there are several.</summary>
    public void Each(int segment, int doc, List<double> values)
    {
        values.Clear();
        if (_columns[segment] is not { } column || !column.Has(doc))
        {
            if (_missing is { } stand)
            {
                values.Add(stand);
            }

            return;
        }

        values.Add(Decode(segment, column.Values[doc]));
        if (!column.Extras.IsEmpty)
        {
            var (start, end) = column.Extras.Of(doc);
            for (var i = start; i < end; i++)
            {
                values.Add(Decode(segment, column.Extras.Values[i]));
            }

            values.Sort();
        }
    }

    public void Each(DocSet docs, Action<double> take)
    {
        var several = new List<double>();
        for (var s = 0; s < docs.Docs.Length; s++)
        {
            if (_columns[s] is not { } column)
            {
                for (var i = 0; i < docs.Docs[s].Length && _missing is { } stand; i++)
                {
                    take(stand);
                }

                continue;
            }

            var isFraction = _fractions[s];
            var plain = column.Extras.IsEmpty;
            foreach (var doc in docs.Docs[s].Span)
            {
                if (plain && column.Has(doc))
                {
                    take(isFraction ? SortableDouble.Decode(column.Values[doc]) : column.Values[doc]);
                    continue;
                }

                Each(s, doc, several);
                foreach (var value in several)
                {
                    take(value);
                }
            }
        }
    }

    private double Decode(int segment, long value) => _fractions[segment] ? SortableDouble.Decode(value) : value;
}
