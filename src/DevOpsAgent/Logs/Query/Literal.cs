using System.Globalization;
using System.Text.Json;

namespace DevOpsAgent.Logs.Query;

/// <summary>One scalar of a request: a string, a number with its digits as written, a boolean or null.</summary>
internal readonly record struct Literal(LiteralKind Kind, string Text)
{
    public static Literal Null { get; } = new(LiteralKind.Null, "null");

    public static Literal Of(string text) => new(LiteralKind.Text, text);

    public static Literal Of(long number) => new(LiteralKind.Number, number.ToString(CultureInfo.InvariantCulture));

    public static Literal Of(double number) => new(LiteralKind.Number, JavaNumber.Text(number));

    /// <exception cref="DslException">An object or an array where one value belongs.</exception>
    public static Literal Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => Of(element.GetString()!),
        JsonValueKind.Number => new(LiteralKind.Number, element.GetRawText()),
        JsonValueKind.True => new(LiteralKind.Boolean, "true"),
        JsonValueKind.False => new(LiteralKind.Boolean, "false"),
        JsonValueKind.Null => Null,
        _ => throw DslException.Parsing($"Expected a value but found [{DslJson.TokenName(element)}]"),
    };

    public bool IsNull => Kind == LiteralKind.Null;

    public bool TryDouble(out double value) => double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);

    public void Write(Utf8JsonWriter json)
    {
        switch (Kind)
        {
            case LiteralKind.Text: json.WriteStringValue(Text); break;
            case LiteralKind.Number: json.WriteRawValue(Text); break;
            case LiteralKind.Boolean: json.WriteBooleanValue(Text == "true"); break;
            default: json.WriteNullValue(); break;
        }
    }
}

internal enum LiteralKind : byte
{
    Null,
    Text,
    Number,
    Boolean,
}
