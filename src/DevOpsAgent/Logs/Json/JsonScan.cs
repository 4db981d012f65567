using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DevOpsAgent.Logs.Json;

/// <summary>Finds the ends of JSON values without decoding them. All positions are indexes into the text.</summary>
internal static class JsonScan
{
    /// <summary>Traefik writes two levels. A deeper line is somebody's attempt to exhaust a reader's stack.</summary>
    public const int MaxDepth = 16;

    /// <summary>Index of the closing quote of the string whose first character is at <paramref name="position"/>; -1 = cut off.</summary>
    public static int StringEnd(ReadOnlySpan<byte> text, int position, ref bool escaped)
    {
        while (true)
        {
            while (text.Length - position >= Vector256<byte>.Count)
            {
                var hits = Hits(Vector256.Create(text[position..]));
                if (hits != 0)
                {
                    position += BitOperations.TrailingZeroCount(hits);
                    break;
                }

                position += Vector256<byte>.Count;
            }

            while (position < text.Length && text[position] is not ((byte)'"' or (byte)'\\'))
            {
                position++;
            }

            if (position >= text.Length)
            {
                return -1;
            }

            if (text[position] == '"')
            {
                return position;
            }

            escaped = true;
            position += 2;
        }
    }

    /// <summary>Like <see cref="StringEnd"/>, but -1 also for a string with escapes, and near the text's end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PlainEnd(ReadOnlySpan<byte> text, int position)
    {
        for (; text.Length - position >= Vector256<byte>.Count; position += Vector256<byte>.Count)
        {
            var hits = Hits(Vector256.Create(text[position..]));
            if (hits != 0)
            {
                position += BitOperations.TrailingZeroCount(hits);
                return text[position] == '"' ? position : -1;
            }
        }

        return -1;
    }

    // One bit for each quote and backslash.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hits(Vector256<byte> block) =>
        (Vector256.Equals(block, Vector256.Create((byte)'"')) | Vector256.Equals(block, Vector256.Create((byte)'\\')))
            .ExtractMostSignificantBits();

    public static int SkipSpace(ReadOnlySpan<byte> text, int position)
    {
        while (position < text.Length && text[position] is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n')
        {
            position++;
        }

        return position;
    }

    /// <summary>Index after a number, true, false or null; equal to <paramref name="position"/> where there is none.</summary>
    public static int ScalarEnd(ReadOnlySpan<byte> text, int position)
    {
        while (position < text.Length && (char.IsAsciiLetterOrDigit((char)text[position]) || text[position] is (byte)'-' or (byte)'+' or (byte)'.'))
        {
            position++;
        }

        return position;
    }

    /// <summary>Index after the object or array that begins at <paramref name="position"/>; -1 with the reason where it doesn't end well.</summary>
    public static int NestedEnd(ReadOnlySpan<byte> text, int position, out UnparsedReason reason)
    {
        // One bit per level: 1 = object.
        uint kinds = 0;
        var depth = 0;
        var escaped = false;
        for (; position < text.Length; position++)
        {
            switch (text[position])
            {
                case (byte)'{' or (byte)'[':
                    if (++depth > MaxDepth)
                    {
                        reason = UnparsedReason.TooDeep;
                        return -1;
                    }

                    kinds = kinds << 1 | (text[position] == '{' ? 1u : 0);
                    break;
                case (byte)'}' or (byte)']':
                    if ((kinds & 1) != (text[position] == '}' ? 1u : 0))
                    {
                        reason = UnparsedReason.InvalidJson;
                        return -1;
                    }

                    kinds >>= 1;
                    if (--depth == 0)
                    {
                        reason = UnparsedReason.None;
                        return position + 1;
                    }

                    break;
                case (byte)'"':
                    position = StringEnd(text, position + 1, ref escaped);
                    if (position < 0)
                    {
                        reason = UnparsedReason.Truncated;
                        return -1;
                    }

                    break;
            }
        }

        reason = UnparsedReason.Truncated;
        return -1;
    }
}
