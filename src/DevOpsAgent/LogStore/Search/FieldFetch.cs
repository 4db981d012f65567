using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Documents;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Search;

/// <summary>The <c>fields</c> of a hit: values from its source as their mapping sees them, always as lists.</summary>
internal static class FieldFetch
{
    public static void Write(Utf8JsonWriter json, IndexView view, byte[] source, IReadOnlyList<FieldPick> picks, IReadOnlyList<string> ignored, SortedDictionary<string, List<string>> dropped)
    {
        using var document = JsonDocument.Parse(source);
        var wanted = new Dictionary<string, (FieldMapping Field, string? Format)>(StringComparer.Ordinal);
        foreach (var pick in picks)
        {
            foreach (var field in view.Index.Mapping.Matching(pick.Pattern))
            {
                wanted[field.Name] = (field, pick.Format);
            }
        }

        foreach (var (name, (field, format)) in wanted)
        {
            var values = new List<JsonElement>();
            Values(document.RootElement, field.Source.Split('.'), 0, values);
            var kept = values.Where(v => v.ValueKind is not (JsonValueKind.Null or JsonValueKind.Object)).ToList();
            if (ignored.Contains(name, StringComparer.Ordinal))
            {
                dropped[name] = [.. kept.Where(v => IsDropped(field, v)).Select(static v => v.GetRawText())];
                kept = [.. kept.Where(v => !IsDropped(field, v))];
            }

            if (kept.Count == 0)
            {
                continue;
            }

            json.WriteStartArray(name);
            foreach (var value in kept)
            {
                Value(json, field, value, format);
            }

            json.WriteEndArray();
        }
    }

    private static bool IsDropped(FieldMapping field, JsonElement value) => DslJson.Text(value).Length > field.IgnoreAbove;

    /// <summary>Values at a path, through arrays and through keys with dots in them.</summary>
    public static void Values(JsonElement at, string[] path, int from, List<JsonElement> found)
    {
        if (at.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in at.EnumerateArray())
            {
                Values(item, path, from, found);
            }
        }
        else if (from == path.Length)
        {
            found.Add(at);
        }
        else if (at.ValueKind == JsonValueKind.Object)
        {
            for (var to = from + 1; to <= path.Length; to++)
            {
                if (at.TryGetProperty(string.Join('.', path[from..to]), out var child))
                {
                    Values(child, path, to, found);
                }
            }
        }
    }

    private static void Value(Utf8JsonWriter json, FieldMapping field, JsonElement value, string? format)
    {
        var text = DslJson.Text(value);
        switch (field.Type)
        {
            case FieldType.Ip: json.WriteStringValue(IpText.TryParse(text, out var address) ? address.ToString() : text); break;
            case FieldType.Date:
                var dates = format is null ? field.Format : new DateFormat(format);
                json.WriteStringValue(field.Format.TryParse(text, false, TimeZoneInfo.Utc, out var millis, out _) ? dates.Format(millis, TimeZoneInfo.Utc) : text);
                break;
            case FieldType.Boolean: json.WriteBooleanValue(text == "true"); break;
            case FieldType.Text or FieldType.Keyword: json.WriteStringValue(text); break;
            case var whole when whole.IsWhole(): json.WriteRawValue(Math.Truncate(decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture)).ToString("0", CultureInfo.InvariantCulture)); break;
            case FieldType.Double: json.WriteRawValue(JavaNumber.Text(double.Parse(text, CultureInfo.InvariantCulture))); break;
            default: json.WriteRawValue(JavaNumber.Text(float.Parse(text, CultureInfo.InvariantCulture))); break;
        }
    }

    /// <summary>Values as doc_values have them: sorted, texts without repeats.</summary>
    public static void DocValues(Utf8JsonWriter json, IndexView view, Hit hit, IReadOnlyList<FieldPick> picks)
    {
        foreach (var pick in picks)
        {
            foreach (var field in view.Index.Mapping.Matching(pick.Pattern))
            {
                if (field.Type == FieldType.Text)
                {
                    throw DslException.Shard("illegal_argument_exception", Aggregations.AggregationCheck.Fielddata(field.Name, view.Index.Name));
                }

                Column(json, field, hit, pick.Format);
            }
        }
    }

    private static void Column(Utf8JsonWriter json, FieldMapping field, Hit hit, string? format)
    {
        if (field.Type.IsText())
        {
            if (hit.Source.FindTexts(field.Source) is not { } column || column.Ordinals[hit.Doc] == 0)
            {
                return;
            }

            var texts = new SortedSet<string>(Utf8Order.Instance) { column.Dictionary.Text(column.Ordinals[hit.Doc] - 1) };
            var (from, to) = column.Extras.Of(hit.Doc);
            for (var i = from; i < to; i++)
            {
                texts.Add(column.Dictionary.Text((int)column.Extras.Values[i]));
            }

            json.WriteStartArray(field.Name);
            foreach (var text in texts.Where(t => t.Length <= field.IgnoreAbove))
            {
                json.WriteStringValue(field.Type == FieldType.Ip && IpText.TryParse(text, out ClientAddress address) ? address.ToString() : text);
            }

            json.WriteEndArray();
            return;
        }

        if (hit.Source.FindNumbers(field.Source) is not { } numbers || !numbers.Has(hit.Doc))
        {
            return;
        }

        var values = new List<long> { numbers.Values[hit.Doc] };
        var (start, end) = numbers.Extras.Of(hit.Doc);
        for (var i = start; i < end; i++)
        {
            values.Add(numbers.Extras.Values[i]);
        }

        values.Sort();
        json.WriteStartArray(field.Name);
        foreach (var value in values)
        {
            switch (field.Type)
            {
                case FieldType.Date: json.WriteStringValue((format is null ? field.Format : new DateFormat(format)).Format(value, TimeZoneInfo.Utc)); break;
                case FieldType.Boolean: json.WriteBooleanValue(value != 0); break;
                case var fraction when fraction.IsFraction(): json.WriteRawValue(JavaNumber.Text(Columns.SortableDouble.Decode(value))); break;
                default: json.WriteNumberValue(value); break;
            }
        }

        json.WriteEndArray();
    }
}
