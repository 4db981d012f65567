namespace DevOpsAgent.Logs.Sources;

/// <summary>The first 1024 bytes of the file that is being read, as far as they were read: they tell whether it is still the same text.</summary>
internal sealed class LogHead
{
    private readonly byte[] _bytes = new byte[HeadHash.Length];
    private int _length;
    private int _hashedLength = -1;
    private ulong _hash;

    public int Length => _length;

    /// <summary>Takes the head of a file that is read from the offset on.</summary>
    public void Load(LogContent content, long offset)
    {
        _length = content.ReadFully(_bytes.AsSpan(0, HeadHash.LengthAt(offset)), 0);
        _hashedLength = -1;
    }

    /// <summary>Bytes that were read at the offset, in order.</summary>
    public void Extend(ReadOnlySpan<byte> read, long offset)
    {
        if (offset == _length && _length < _bytes.Length)
        {
            var taken = Math.Min(read.Length, _bytes.Length - _length);
            read[..taken].CopyTo(_bytes.AsSpan(_length));
            _length += taken;
        }
    }

    public ulong HashAt(long offset)
    {
        var length = Math.Min(_length, HeadHash.LengthAt(offset));
        if (length != _hashedLength)
        {
            _hash = HeadHash.Of(_bytes.AsSpan(0, length));
            _hashedLength = length;
        }

        return _hash;
    }

    /// <summary>False: the file was truncated and written anew since.</summary>
    public bool IsStillIn(LogContent content)
    {
        Span<byte> now = stackalloc byte[HeadHash.Length];
        now = now[.._length];
        return content.ReadFully(now, 0) == _length && now.SequenceEqual(_bytes.AsSpan(0, _length));
    }
}
