using System.Runtime.InteropServices;
using System.Text.Json;

namespace DevOpsAgent.Agent.Results;

/// <summary>The columns of one hit. Reused from hit to hit.</summary>
internal sealed class HitRow
{
    private const int MaxName = 96;
    private const int MaxDepth = 4;

    private readonly JsonElement[] _cells = new JsonElement[LogColumns.Count];
    private readonly int[] _ranks = new int[LogColumns.Count];

    public ReadOnlySpan<JsonElement> Cells => _cells;

    /// <summary>Fields of the hit that have no column.</summary>
    public int Others { get; private set; }

    /// <param name="hit">With _source, or with fields.</param>
    public void Read(JsonElement hit)
    {
        Array.Clear(_cells);
        Array.Fill(_ranks, int.MaxValue);
        Others = 0;
        if (hit.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        Span<byte> name = stackalloc byte[MaxName];
        foreach (var part in hit.EnumerateObject())
        {
            var key = JsonMarshal.GetRawUtf8PropertyName(part);
            if (part.Value.ValueKind == JsonValueKind.Object && (key.SequenceEqual("_source"u8) || key.SequenceEqual("fields"u8)))
            {
                Fill(part.Value, name, 0, 0);
            }
        }
    }

    /// <summary>Rows of one group differ in time and in the numbers of their path at most.</summary>
    public ulong GroupKey()
    {
        var hash = 14695981039346656037UL;
        for (var column = 0; column < _cells.Length; column++)
        {
            hash = (hash ^ 0x1F) * 1099511628211UL;
            if (column == (int)LogColumn.Time || _cells[column].ValueKind == JsonValueKind.Undefined)
            {
                continue;
            }

            var digits = false;
            foreach (var b in JsonMarshal.GetRawUtf8Value(_cells[column]))
            {
                if (column == (int)LogColumn.Path)
                {
                    if (b == (byte)'?')
                    {
                        break;
                    }

                    if (b is >= (byte)'0' and <= (byte)'9')
                    {
                        if (digits)
                        {
                            continue;
                        }

                        digits = true;
                        hash = (hash ^ (byte)'#') * 1099511628211UL;
                        continue;
                    }

                    digits = false;
                }

                hash = (hash ^ b) * 1099511628211UL;
            }
        }

        return hash;
    }

    private void Fill(JsonElement map, Span<byte> name, int length, int depth)
    {
        foreach (var field in map.EnumerateObject())
        {
            var key = JsonMarshal.GetRawUtf8PropertyName(field);
            if (length + key.Length + 1 > name.Length)
            {
                Others++;
                continue;
            }

            key.CopyTo(name[length..]);
            var end = length + key.Length;
            if (field.Value.ValueKind == JsonValueKind.Object && depth < MaxDepth)
            {
                name[end] = (byte)'.';
                Fill(field.Value, name, end + 1, depth + 1);
                continue;
            }

            var column = LogColumns.Of(name[..end], out var rank);
            if (column < 0)
            {
                Others++;
            }
            else if (rank < _ranks[column])
            {
                // "fields" gives each value as a list.
                var value = field.Value.ValueKind == JsonValueKind.Array && field.Value.GetArrayLength() > 0 ? field.Value[0] : field.Value;
                (_cells[column], _ranks[column]) = (value, rank);
            }
        }
    }
}
