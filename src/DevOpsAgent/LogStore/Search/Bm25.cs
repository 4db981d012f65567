namespace DevOpsAgent.LogStore.Search;

/// <summary>Lucene's BM25 (k1 1.2, b 0.75), to the last float: lengths go through its one-byte code.</summary>
internal sealed class Bm25
{
    private const float K1 = 1.2f;
    private const float B = 0.75f;

    private static readonly float[] Lengths = [.. Enumerable.Range(0, 256).Select(static i => (float)Decode(i))];

    private readonly float[] _inverse = new float[256];

    /// <param name="docs">Documents that have the field.</param>
    /// <param name="words">Words of the field in all of them.</param>
    public Bm25(long docs, long words)
    {
        Docs = docs;
        var average = docs == 0 ? 1f : (float)(words / (double)docs);
        for (var i = 0; i < 256; i++)
        {
            _inverse[i] = 1f / (K1 * ((1 - B) + (B * Lengths[i] / average)));
        }
    }

    public long Docs { get; }

    /// <summary>Elasticsearch keeps the factor k1 + 1 that Lucene dropped.</summary>
    public float Weight(long docsWithTerm, float boost) => Boosted(boost) * Idf(docsWithTerm);

    public float Idf(long docsWithTerm) => (float)Math.Log(1 + ((Docs - docsWithTerm + 0.5D) / (docsWithTerm + 0.5D)));

    public static float Boosted(float boost) => boost * (1 + K1);

    public float Score(float weight, float frequency, int length) => weight - (weight / (1f + (frequency * _inverse[Encode(length)])));

    /// <summary>Lucene's SmallFloat.intToByte4: exact below 40, then four significant bits.</summary>
    public static int Encode(int length)
    {
        const int Free = 255 - 231;
        return length < Free ? length : Free + Long4(length - Free);
    }

    private static int Long4(long value)
    {
        var bits = 64 - System.Numerics.BitOperations.LeadingZeroCount((ulong)value);
        if (bits < 4)
        {
            return (int)value;
        }

        var shift = bits - 4;
        return (int)(value >>> shift & 0x07) | ((shift + 1) << 3);
    }

    private static int Decode(int code)
    {
        const int Free = 255 - 231;
        if (code < Free)
        {
            return code;
        }

        var value = code - Free;
        var bits = value & 0x07;
        var shift = (value >>> 3) - 1;
        return Free + (int)(shift == -1 ? bits : (long)(bits | 0x08) << shift);
    }
}
