using System.Globalization;
using System.Text.Json;
using DevOpsAgent.Addresses;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Guards;

/// <summary>Judges parameters against the tool's schema: no unknown, missing or ill-typed one gets further, whoever calls.</summary>
internal sealed class SchemaGuard : IGuard
{
    /// <summary>Texts of a list unless the field says another number.</summary>
    private const int MaxItems = 1_000;

    public string Name => "schema";

    public bool Advisory => false;

    public bool IsQuick => true;

    public bool Judges(Tool tool) => true;

    public ValueTask<GuardDecision> EvaluateAsync(GuardContext context, CancellationToken cancellationToken) => new(Check(context.Tool.Schema, context.Parameters));

    /// <summary>Never throws. Deny with the first fault: unknown_parameter, repeated_parameter, missing_parameter, bad_value or no_object.</summary>
    public static GuardDecision Check(ToolSchema schema, JsonElement parameters)
    {
        try
        {
            return Find(schema, parameters);
        }
        catch (InvalidOperationException)
        {
            // "\ud800" alone is valid JSON and yet no text.
            return GuardDecision.Deny("bad_value", "A parameter holds half a character (a lone surrogate).");
        }
    }

    private static GuardDecision Find(ToolSchema schema, JsonElement parameters)
    {
        if (parameters.ValueKind != JsonValueKind.Object)
        {
            return GuardDecision.Deny("no_object", "Parameters are a JSON object.");
        }

        var given = 0L;
        foreach (var property in parameters.EnumerateObject())
        {
            var at = IndexOf(schema, property);
            if (at < 0)
            {
                return GuardDecision.Deny("unknown_parameter", $"There is no parameter '{Cut(property.Name)}'; known are {string.Join(", ", schema.Fields.Select(static f => f.Name))}.");
            }

            // Which of two counts would be the parser's choice.
            if ((given & (1L << at)) != 0)
            {
                return GuardDecision.Deny("repeated_parameter", $"'{schema.Fields[at].Name}' is given twice.");
            }

            given |= 1L << at;
            if (Fault(schema.Fields[at], property.Value) is { } fault)
            {
                return GuardDecision.Deny("bad_value", $"'{schema.Fields[at].Name}' {fault}.");
            }
        }

        for (var i = 0; i < schema.Fields.Count; i++)
        {
            if (schema.Fields[i].Required && (given & (1L << i)) == 0)
            {
                return GuardDecision.Deny("missing_parameter", $"The parameter '{schema.Fields[i].Name}' is missing: {schema.Fields[i].Description}.");
            }
        }

        return GuardDecision.Allow;
    }

    private static int IndexOf(ToolSchema schema, JsonProperty property)
    {
        for (var i = 0; i < schema.Fields.Count; i++)
        {
            if (property.NameEquals(schema.Fields[i].Name))
            {
                return i;
            }
        }

        return -1;
    }

    private static string? Fault(ToolField field, JsonElement value) => field.Type switch
    {
        FieldType.Integer => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= field.Min && number <= field.Max
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"must be a whole number {(field.Max == long.MaxValue ? $"of at least {field.Min}" : $"from {field.Min} to {field.Max}")}"),
        FieldType.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : "must be true or false",
        FieldType.TextList => ListFault(field, value),
        _ => value.ValueKind != JsonValueKind.String ? "must be text" : TextFault(field, value.GetString()!),
    };

    private static string? TextFault(ToolField field, string text) => field.Type switch
    {
        _ when text.Length > field.MaxLength => string.Create(CultureInfo.InvariantCulture, $"has {text.Length} characters; at most {field.MaxLength} are taken"),
        FieldType.Choice => field.Values.Contains(text, StringComparer.Ordinal) ? null : $"must be one of {string.Join(", ", field.Values)}",
        FieldType.AddressRange => AddressRange.TryParse(text, out _) ? null : "must be an IP address or CIDR range as 203.0.113.7 or 2001:db8::/48",
        FieldType.Duration => DurationText.TryParse(text, out _) ? null : "must be a duration as 90s, 30m, 4h or 7d",
        FieldType.Time => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _) ? null : "must be a time as 2027-01-31T12:00:00Z",
        _ => null,
    };

    private static string? ListFault(ToolField field, JsonElement value)
    {
        var most = field.Max == long.MaxValue ? MaxItems : field.Max;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > most)
        {
            return string.Create(CultureInfo.InvariantCulture, $"must be a list of at most {most} texts");
        }

        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.String || item.GetString()!.Length > field.MaxLength)
            {
                return string.Create(CultureInfo.InvariantCulture, $"must be a list of texts of at most {field.MaxLength} characters");
            }
        }

        return null;
    }

    private static string Cut(string text) => text.Length > 60 ? text[..60] + "…" : text;
}
