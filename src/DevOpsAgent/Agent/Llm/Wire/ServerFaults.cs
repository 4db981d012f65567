using System.Globalization;
using System.Text;

namespace DevOpsAgent.Agent.Llm.Wire;

/// <summary>From what a server said to the fault's name and to words for people.</summary>
internal sealed class ServerFaults(LlmEndpoint endpoint)
{
    private const int MostWords = 300;

    private static readonly string[] ContextWords =
    [
        "context length", "context_length", "context window", "context size", "prompt is too long", "too many tokens", "input is too long",
        "exceed context limit", "reduce the length", "maximum context",
    ];

    // Not "quota" alone: providers say "quota per minute" where waiting helps.
    private static readonly string[] QuotaWords = ["insufficient_quota", "exceeded your current quota", "credit balance", "billing", "insufficient balance", "insufficient credits", "out of credits"];

    private static readonly string[] RefusalWords = ["content_filter", "content management policy", "content_policy"];

    /// <param name="status">Null: the error came inside an answer that had begun with 200.</param>
    public LlmException Of(int? status, ErrorBody? body, TimeSpan? retryAfter)
    {
        var kind = Kind(status, body);
        var said = body is null ? "" : $", saying \"{Printable(body.Words)}\"";
        var how = status is { } code ? string.Create(CultureInfo.InvariantCulture, $"answers with HTTP {code}") : "reports an error in the middle of its answer";
        return new(kind, $"The {endpoint.Description} {how}{said}. {Advice(kind)}".TrimEnd()) { Status = status, RetryAfter = retryAfter };
    }

    public LlmException Of(LlmFault kind, string what, Exception? inner = null) => new(kind, $"The {endpoint.Description} {Printable(what)}. {Advice(kind)}".TrimEnd(), inner);

    /// <summary>One line without control characters, without our key, and not long.</summary>
    public string Printable(string text)
    {
        text = endpoint.Key is { Reveal.Length: > 0 } key ? text.Replace(key.Reveal, "***", StringComparison.Ordinal) : text;
        var line = new StringBuilder(Math.Min(text.Length, MostWords) + 4);
        foreach (var rune in text.EnumerateRunes())
        {
            if (line.Length >= MostWords)
            {
                line.Append(" ...");
                break;
            }

            line.Append(Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                ? new Rune(' ') : rune);
        }

        return line.ToString().Trim().TrimEnd('.');
    }

    private static LlmFault Kind(int? status, ErrorBody? body)
    {
        var said = $"{body?.Code} {body?.Words}";
        if (Says(said, QuotaWords) || status == 402)
        {
            return LlmFault.QuotaExhausted;
        }

        // A rate limit of tokens per minute is told with words like those of a prompt that is too long.
        if (status != 429 && (status == 413 || Says(said, ContextWords)))
        {
            return LlmFault.ContextLength;
        }

        return status switch
        {
            401 or 403 => LlmFault.Unauthorized,
            404 => LlmFault.NotFound,
            408 => LlmFault.ServerError,
            429 => LlmFault.RateLimited,
            503 or 529 => LlmFault.Overloaded,
            >= 500 => LlmFault.ServerError,
            >= 400 => Says(said, RefusalWords) ? LlmFault.Refused : LlmFault.BadRequest,
            >= 300 => LlmFault.NotFound,
            _ when Says(said, ["overloaded"]) => LlmFault.Overloaded,
            _ when Says(said, ["rate_limit"]) => LlmFault.RateLimited,
            _ => LlmFault.FailedMidway,
        };
    }

    private static bool Says(string text, string[] words) => words.Any(w => text.Contains(w, StringComparison.OrdinalIgnoreCase));

    private string Advice(LlmFault kind) => kind switch
    {
        LlmFault.Unreachable => $"Look whether it runs, and whether {endpoint.Setting} is right.",
        LlmFault.TimedOut => "Raise llm.timeout if the model is meant to be so slow.",
        LlmFault.Unauthorized => endpoint.Key is null ? "Set llm.api_key." : "Look whether llm.api_key is right and may use this model.",
        LlmFault.NotFound when endpoint.Dialect is LlmDialect.OllamaChat or LlmDialect.OllamaGenerate => $"Look at {endpoint.Setting}, and whether the model is there: ollama pull {endpoint.Model}",
        LlmFault.NotFound => $"Look at llm.model and {endpoint.Setting}.",
        LlmFault.QuotaExhausted => "The account is used up: pay, or choose another provider. It is not asked again.",
        LlmFault.WebPage => $"This looks like a web page: is {endpoint.Setting} right?",
        LlmFault.BadAnswer => $"Look whether {endpoint.Setting} is right and speaks what its path says.",
        LlmFault.ContextLength => "Set llm.context_window to what the model takes.",
        _ => "",
    };
}
