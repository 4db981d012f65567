using System.Text;

namespace DevOpsAgent.Guards.Behaviour;

/// <summary>Shannon's entropy of a text's UTF-8 bytes: H = -sum p log2 p over the byte values, 0 to 8 bits per byte (Shannon 1948).</summary>
internal static class ParameterEntropy
{
    /// <summary>Longer parameters are judged by their beginning: the cost of a hostile giant stays bounded.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>0 for an empty text. Allocates nothing; never throws, also on broken surrogates.</summary>
    public static double OfText(ReadOnlySpan<char> text)
    {
        Span<int> counts = stackalloc int[256];
        Span<byte> bytes = stackalloc byte[1024];
        counts.Clear();
        var total = 0;
        while (text.Length > 0 && total < MaxBytes)
        {
            // 3 bytes a char at most; a pair split over two pieces counts as two replacement characters.
            var piece = text[..Math.Min(text.Length, bytes.Length / 3)];
            text = text[piece.Length..];
            var length = Encoding.UTF8.GetBytes(piece, bytes);
            foreach (var b in bytes[..length])
            {
                counts[b]++;
            }

            total += length;
        }

        return Of(counts, total);
    }

    private static double Of(ReadOnlySpan<int> counts, int total)
    {
        var sum = 0.0;
        foreach (var n in counts)
        {
            sum += n > 1 ? n * Math.Log2(n) : 0;
        }

        // log2 N - (1/N) sum n log2 n: the same as Shannon's sum, with one division.
        return total == 0 ? 0 : Math.Clamp(Math.Log2(total) - sum / total, 0, 8);
    }
}
