using System.Globalization;

namespace DevOpsAgent.Logs.Query;

/// <summary>How many edits a fuzzy term may be away: 0, 1, 2, or by its length (AUTO: below 3 letters none, below 6 one, else two).</summary>
internal static class FuzzyDistance
{
    public static bool IsValid(string text) => TryRead(text, 0, out _);

    /// <param name="text">The request's fuzziness.</param>
    /// <param name="length">Length of the term in code points.</param>
    public static int Edits(string text, int length) => TryRead(text, length, out var edits) ? edits : throw DslException.Argument($"Invalid fuzziness value: {text}");

    private static bool TryRead(string text, int length, out int edits)
    {
        edits = 0;
        var low = 3;
        var high = 6;
        if (text.StartsWith("AUTO", StringComparison.OrdinalIgnoreCase))
        {
            if (text.Length > 4)
            {
                var parts = text[4..].TrimStart(':').Split(',');
                if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out low) || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out high) || low > high)
                {
                    return false;
                }
            }

            edits = length < low ? 0 : length < high ? 1 : 2;
            return true;
        }

        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || number is < 0 or > 2)
        {
            return false;
        }

        edits = (int)number;
        return true;
    }
}
