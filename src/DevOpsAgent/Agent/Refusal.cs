namespace DevOpsAgent.Agent;

/// <summary>Whether a text is a model's way to decline. Only asked where a text is no answer anyway.</summary>
internal static class Refusal
{
    private static readonly string[] Words =
    [
        "i can't assist", "i cannot assist", "i can't help", "i cannot help", "i can't comply", "i cannot comply", "i'm unable to", "i am unable to", "i'm not able to", "i am not able to",
        "i'm sorry, but i", "i am sorry, but i", "i won't", "i will not", "i must decline", "i can't provide", "i cannot provide", "i can't do that",
    ];

    public static bool Is(string text)
    {
        var start = text.Trim();
        start = start.Length > 200 ? start[..200] : start;
        return Array.Exists(Words, w => start.Replace('’', '\'').Contains(w, StringComparison.OrdinalIgnoreCase));
    }
}
