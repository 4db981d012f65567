using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>Hits as Elasticsearch's JSON has them.</summary>
internal static class HitsJson
{
    /// <summary>For searches whose queries have no names.</summary>
    public static IReadOnlyDictionary<IndexView, IReadOnlyList<(string Name, Weight Weight)>> Unnamed { get; } = new Dictionary<IndexView, IReadOnlyList<(string Name, Weight Weight)>>();

    public static void Total(Utf8JsonWriter json, long total, string relation, bool asInt)
    {
        if (asInt)
        {
            json.WriteNumber("total", total);
            return;
        }

        json.WriteStartObject("total");
        json.WriteNumber("value", total);
        json.WriteString("relation", relation);
        json.WriteEndObject();
    }

    /// <summary>max_score and hits.</summary>
    public static void Write(Utf8JsonWriter json, SearchRequest request, IReadOnlyList<Hit> hits, HitCollector collector, IReadOnlyDictionary<IndexView, IReadOnlyList<(string Name, Weight Weight)>> named)
    {
        var showsScores = !collector.IsSorted || request.TrackScores || collector.Sort[0].IsScore;
        json.WritePropertyName("max_score");
        Score(json, request.Size == 0 || !(!collector.IsSorted || request.TrackScores) ? float.NaN : collector.MaxScore);
        json.WriteStartArray("hits");
        foreach (var hit in hits)
        {
            One(json, request, hit, collector, showsScores || collector.Sort.Any(static s => s.IsScore), named.GetValueOrDefault(hit.View, []));
        }

        json.WriteEndArray();
    }

    private static void Score(Utf8JsonWriter json, float score)
    {
        if (float.IsNaN(score))
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(JavaNumber.Text(score));
        }
    }

    private static void One(Utf8JsonWriter json, SearchRequest request, Hit hit, HitCollector collector, bool showsScore, IReadOnlyList<(string Name, Weight Weight)> named)
    {
        var place = new DocumentPlace(hit.Source, hit.Doc);
        json.WriteStartObject();
        json.WriteString("_index", hit.View.Index.Name);
        if (!request.NoStoredFields)
        {
            json.WriteString("_id", place.Id);
        }

        if (request.Version)
        {
            json.WriteNumber("_version", place.Version);
        }

        if (request.SeqNoPrimaryTerm)
        {
            json.WriteNumber("_seq_no", place.Sequence);
            json.WriteNumber("_primary_term", 1);
        }

        json.WritePropertyName("_score");
        Score(json, showsScore ? hit.Score : float.NaN);
        var ignored = Ignored(hit);
        if (ignored.Count > 0 && !request.NoStoredFields)
        {
            json.WriteStartArray("_ignored");
            ignored.ForEach(json.WriteStringValue);
            json.WriteEndArray();
        }

        var source = request.Source.Fetch || request.Fields.Count > 0 || request.Highlight is not null ? DocumentSource.Of(hit.Source, hit.Doc) : null;
        if (request.Source.Fetch)
        {
            json.WritePropertyName("_source");
            SourcePick.Write(json, source!, request.Source);
        }

        Fields(json, request, hit, source, ignored);
        if (request.Highlight is { } highlight)
        {
            Highlighter.Write(json, hit, highlight, request.Query, source!);
        }

        if (collector.IsSorted)
        {
            json.WriteStartArray("sort");
            for (var i = 0; i < hit.Sort.Length; i++)
            {
                SortValue(json, collector.Sort[i], collector.ColumnsOf(hit.View)[i], hit.Sort[i]);
            }

            json.WriteEndArray();
        }

        var matched = named.Where(n => n.Weight.Matches(hit.Segment)[hit.Doc]).Select(static n => n.Name).ToList();
        if (matched.Count > 0)
        {
            json.WriteStartArray("matched_queries");
            matched.ForEach(json.WriteStringValue);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static List<string> Ignored(Hit hit)
    {
        var names = new List<string>();
        if (hit.Source.FindTexts(HiddenColumn.Ignored) is { } column && column.Ordinals[hit.Doc] is > 0 and var ordinal)
        {
            names.Add(column.Dictionary.Text(ordinal - 1));
            var (start, end) = column.Extras.Of(hit.Doc);
            for (var i = start; i < end; i++)
            {
                names.Add(column.Dictionary.Text((int)column.Extras.Values[i]));
            }
        }

        names.Sort(StringComparer.Ordinal);
        return names;
    }

    private static void Fields(Utf8JsonWriter json, SearchRequest request, Hit hit, byte[]? source, List<string> ignored)
    {
        if (request.Fields.Count == 0 && request.DocValueFields.Count == 0 && request.CollapseField is null)
        {
            return;
        }

        var dropped = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        using var buffer = new MemoryStream();
        using (var fields = new Utf8JsonWriter(buffer, new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            fields.WriteStartObject();
            FieldFetch.Write(fields, hit.View, source ?? "{}"u8.ToArray(), request.Fields, ignored, dropped);
            FieldFetch.DocValues(fields, hit.View, hit, [.. request.DocValueFields, .. request.CollapseField is { } collapse ? [new FieldPick(collapse, null)] : Array.Empty<FieldPick>()]);
            fields.WriteEndObject();
        }

        if (buffer.Length > 2)
        {
            json.WritePropertyName("fields");
            json.WriteRawValue(buffer.ToArray(), skipInputValidation: true);
        }

        if (dropped.Count > 0)
        {
            json.WriteStartObject("ignored_field_values");
            foreach (var (name, values) in dropped)
            {
                json.WriteStartArray(name);
                values.ForEach(v => json.WriteRawValue(v));
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }
    }

    private static void SortValue(Utf8JsonWriter json, SortField sort, SortColumn column, SortValue value)
    {
        if (value.IsMissing)
        {
            json.WriteNullValue();
            return;
        }

        if (sort.IsScore)
        {
            json.WriteRawValue(JavaNumber.Text((float)SortableDouble.Decode(value.Number)));
            return;
        }

        if (value.Bytes is { } bytes)
        {
            json.WriteStringValue(column.Type == FieldType.Ip
                ? new Addresses.ClientAddress(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes), System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8))).ToString()
                : Encoding.UTF8.GetString(bytes));
            return;
        }

        if (!sort.IsDoc && column.Type.IsFraction())
        {
            var number = SortableDouble.Decode(value.Number);
            if (!double.IsFinite(number))
            {
                json.WriteStringValue(number > 0 ? "Infinity" : "-Infinity");
                return;
            }

            json.WriteRawValue(column.Type == FieldType.Double ? JavaNumber.Text(number) : JavaNumber.Text((float)number));
            return;
        }

        if (column.Type == FieldType.Date && !sort.IsDoc && sort.Format is { } format && value.Number is not (long.MaxValue or long.MinValue))
        {
            json.WriteStringValue(new DateFormat(format).Format(value.Number, TimeZoneInfo.Utc));
            return;
        }

        json.WriteRawValue(value.Number.ToString(CultureInfo.InvariantCulture));
    }
}
