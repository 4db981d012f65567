namespace DevOpsAgent.Logs.Container;

/// <summary>Collects the parts of one record until its last part. Grows to one line's limit at most, and only where lines are split.</summary>
internal sealed class PartialLine
{
    private byte[] _bytes = [];
    private int _length;

    public bool IsEmpty => _length == 0;

    /// <summary>Valid until the next <see cref="Append"/>.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Math.Min(_length, _bytes.Length));

    /// <summary>True when more was appended than a line may hold; the surplus is dropped.</summary>
    public bool IsTooLong => _length > LineBoundary.MaxLine;

    public void Append(ReadOnlySpan<byte> part)
    {
        if (_bytes.Length == 0)
        {
            _bytes = new byte[LineBoundary.MaxLine];
        }

        var room = Math.Max(0, _bytes.Length - _length);
        part[..Math.Min(part.Length, room)].CopyTo(_bytes.AsSpan(Math.Min(_length, _bytes.Length)));
        _length = (int)Math.Min((long)_length + part.Length, LineBoundary.MaxLine + 1L);
    }

    public void Clear() => _length = 0;
}
