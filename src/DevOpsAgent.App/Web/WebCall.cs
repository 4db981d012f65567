using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DevOpsAgent.App.Views;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.App.Web;

/// <summary>One request with the parts that answer it. Readers of input throw <see cref="ProblemException"/> with the field's name.</summary>
internal sealed class WebCall(HttpContext context, WebParts parts)
{
    /// <summary>A body or answer nests at most this deep; a deeper one is hostile.</summary>
    private const int MaxDepth = 16;

    public static ViewJson Json { get; } = new(new JsonSerializerOptions(ViewJson.Default.Options) { WriteIndented = false, MaxDepth = MaxDepth });

    public HttpContext Context { get; } = context;
    public WebParts Parts { get; } = parts;
    public CancellationToken Aborted => Context.RequestAborted;

    public string? Query(string name)
    {
        var values = Context.Request.Query[name];
        if (values.Count > 1)
        {
            throw ProblemException.BadField(name, $"'{name}' is given {values.Count} times.", "Give it once; separate several values by commas.");
        }

        return values.Count == 0 || string.IsNullOrWhiteSpace(values[0]) ? null : Bounded(name, values[0]!, 256);
    }

    public int QueryInt(string name, int fallback, int min, int max)
    {
        var text = Query(name);
        if (text is null)
        {
            return fallback;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
            ? value
            : throw ProblemException.BadField(name, $"'{text}' is not a whole number from {min} to {max}.", $"Give {name} as a whole number from {min} to {max}.");
    }

    /// <summary>The names of an enum in lower case; null where the parameter is absent.</summary>
    public T[]? QueryNames<T>(string name) where T : struct, Enum =>
        Query(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(x => Named<T>(name, x)).ToArray();

    public static T Named<T>(string field, string? text) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if (string.Equals(IncidentView.Name(value), text, StringComparison.Ordinal))
            {
                return value;
            }
        }

        var known = string.Join(", ", Enum.GetValues<T>().Select(IncidentView.Name));
        throw ProblemException.BadField(field, $"'{text}' is not a known value of {field}.", $"Give one of: {known}.");
    }

    public long RouteId()
    {
        var text = Context.Request.RouteValues["id"] as string;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? id
            : throw ProblemException.BadField("id", $"'{text}' is not an id.", "Ids are whole numbers from 1, as the listing shows them.");
    }

    /// <summary>The JSON body; a missing one counts as an empty object.</summary>
    public async Task<T> Body<T>(JsonTypeInfo<T> type) where T : class, new()
    {
        var text = await BodyText();
        if (text.Length == 0)
        {
            return new T();
        }

        try
        {
            return JsonSerializer.Deserialize(text, type) ?? new T();
        }
        catch (JsonException e)
        {
            throw ProblemException.BadField(e.Path is { Length: > 2 } path ? path[2..] : "body", "The body is not the JSON that this call takes.", "See /openapi.json for its shape.");
        }
    }

    public async Task<string> BodyText()
    {
        using var reader = new StreamReader(Context.Request.Body, new System.Text.UTF8Encoding(false, throwOnInvalidBytes: false));
        return await reader.ReadToEndAsync(Aborted);
    }

    public Task Answer<T>(T value, JsonTypeInfo<T> type, int status = 200)
    {
        Context.Response.StatusCode = status;
        Context.Response.ContentType = "application/json; charset=utf-8";
        return JsonSerializer.SerializeAsync(Context.Response.Body, value, type, Aborted);
    }

    public Task AnswerText(string text, string contentType, string? downloadAs = null)
    {
        Context.Response.ContentType = contentType;
        if (downloadAs is not null)
        {
            Context.Response.Headers.ContentDisposition = $"attachment; filename=\"{downloadAs}\"";
        }

        return Context.Response.WriteAsync(text, Aborted);
    }

    /// <summary>Who asks: the name they gave, or "operator"; and from where, for the history.</summary>
    public (string Name, string Origin) Who(string? name)
    {
        name = string.IsNullOrWhiteSpace(name) ? "operator" : Bounded("by", name.Trim(), 64);

        // "auto", "rule" and "expiry" stand in the history for the agent itself: a person can't pass for it.
        if (name is "auto" or "rule" or "expiry" or "service" or "model")
        {
            throw ProblemException.BadField("by", $"'{name}' is a name of the agent itself.", "Give a person's name.");
        }

        return (name, "web " + (Context.Connection.RemoteIpAddress?.ToString() ?? "unknown"));
    }

    /// <summary>Free text of a person: bounded, and without control characters, which could forge a line in a terminal or file.</summary>
    [return: NotNullIfNotNull(nameof(text))]
    public static string? Bounded(string field, string? text, int max)
    {
        if (text is null)
        {
            return null;
        }

        if (text.Length > max)
        {
            throw ProblemException.BadField(field, $"{field} has {text.Length} characters.", $"At most {max} are taken.");
        }

        return text.Any(char.IsControl)
            ? throw ProblemException.BadField(field, $"{field} contains a control character.", "Remove line breaks and other control characters.")
            : text;
    }
}
