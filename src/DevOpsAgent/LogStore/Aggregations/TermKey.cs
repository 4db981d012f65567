using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Logs.Query;
using DevOpsAgent.LogStore.Columns;
using DevOpsAgent.LogStore.Mapping;

namespace DevOpsAgent.LogStore.Aggregations;

/// <summary>Values of terms as JSON has them: numbers for whole numbers, booleans and dates, text for the rest; some also as a string beside.</summary>
internal static class TermKey
{
    public static void Write(Utf8JsonWriter json, FieldTerms terms, int code, DateFormat? format = null)
    {
        var field = terms.Field!;
        switch (field.Type)
        {
            case FieldType.Ip: json.WriteStringValue(terms.Address(code).ToString()); break;
            case FieldType.Keyword or FieldType.Text: json.WriteStringValue(terms.Text(code)); break;
            case var fraction when fraction.IsFraction(): json.WriteRawValue(JavaNumber.Text(SortableDouble.Decode(terms.Number(code)))); break;
            case FieldType.Date when format is not null: json.WriteStringValue(format.Format(terms.Number(code), TimeZoneInfo.Utc)); break;
            default: json.WriteNumberValue(terms.Number(code)); break;
        }
    }

    /// <summary>key_as_string; null where Elasticsearch gives none.</summary>
    public static string? Text(FieldTerms terms, int code, DateFormat? format) => terms.Field!.Type switch
    {
        FieldType.Date => (format ?? terms.Field.Format).Format(terms.Number(code), TimeZoneInfo.Utc),
        FieldType.Boolean => terms.Number(code) == 0 ? "false" : "true",
        _ => null,
    };

    /// <summary>The value as one text, as multi_terms joins them and pipelines name them.</summary>
    public static string Plain(FieldTerms terms, int code) => Text(terms, code, null) ?? terms.Field!.Type switch
    {
        FieldType.Ip => terms.Address(code).ToString(),
        FieldType.Keyword or FieldType.Text => Encoding.UTF8.GetString(terms.Text(code)),
        var type when type.IsFraction() => JavaNumber.Text(SortableDouble.Decode(terms.Number(code))),
        _ => terms.Number(code).ToString(CultureInfo.InvariantCulture),
    };
}
