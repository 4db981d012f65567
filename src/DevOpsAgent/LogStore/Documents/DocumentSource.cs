using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using DevOpsAgent.LogStore.Columns;

namespace DevOpsAgent.LogStore.Documents;

/// <summary>Writes documents again from their shape and columns.</summary>
internal static class DocumentSource
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static byte[] Of(Segment segment, int doc)
    {
        var shape = segment.Shapes[segment.ShapeOf[doc]];
        if (shape[0].Kind == ShapeKind.RawDocument)
        {
            return Text(segment.FindTexts(HiddenColumn.Document)!, doc).ToArray();
        }

        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            foreach (var step in shape)
            {
                Step(json, segment, doc, step);
            }
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Step(Utf8JsonWriter json, Segment segment, int doc, ShapeStep step)
    {
        if (step.Kind == ShapeKind.Close)
        {
            json.WriteEndObject();
            return;
        }

        var key = segment.Keys[step.Key];
        if (key.Parent is not null)
        {
            json.WritePropertyName(key.Utf8);
        }

        switch (step.Kind)
        {
            case ShapeKind.Open: json.WriteStartObject(); break;
            case ShapeKind.Null: json.WriteNullValue(); break;
            case ShapeKind.Text: json.WriteStringValue(Text(segment.FindTexts(key.Path)!, doc)); break;
            case ShapeKind.Whole: json.WriteNumberValue(Number(segment, key.Path, doc)); break;
            case ShapeKind.Flag: json.WriteBooleanValue(Number(segment, key.Path, doc) != 0); break;
            case ShapeKind.Fraction: json.WriteRawValue(SortableDouble.Decode(Number(segment, key.Path, doc)).ToString("R", CultureInfo.InvariantCulture)); break;
            case ShapeKind.Exact: json.WriteRawValue(SortableDouble.Decode(Number(segment, HiddenColumn.Exact(key.Path), doc)).ToString("R", CultureInfo.InvariantCulture)); break;
            case ShapeKind.Date:
                Span<byte> text = stackalloc byte[40];
                var nanos = segment.FindNumbers(HiddenColumn.Nanos(key.Path)) is { } column && column.Has(doc) ? (int)column.Values[doc] : 0;
                json.WriteStringValue(text[..IsoTime.Write(text, Number(segment, key.Path, doc), nanos, step.Digits, step.Offset)]);
                break;
            default: json.WriteRawValue(Text(segment.FindTexts(HiddenColumn.Raw(key.Path))!, doc), skipInputValidation: true); break;
        }
    }

    private static ReadOnlySpan<byte> Text(TextColumn column, int doc) => column.Dictionary[column.Ordinals[doc] - 1];

    private static long Number(Segment segment, string name, int doc) => segment.FindNumbers(name)!.Values[doc];
}
