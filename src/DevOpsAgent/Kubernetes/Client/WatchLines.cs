namespace DevOpsAgent.Kubernetes.Client;

/// <summary>Lines of a stream, each a JSON text, with a cap on their length.</summary>
internal sealed class WatchLines(Stream stream)
{
    /// <summary>etcd's objects have at most 1.5 MiB; escapes in JSON make some longer.</summary>
    public const int MostBytes = 16 << 20;

    private byte[] _buffer = new byte[16 << 10];
    private int _start;
    private int _end;
    private int _searched;

    /// <summary>Valid until the next call; empty at the end of the stream. A last line without end is dropped: it was cut.</summary>
    /// <exception cref="IOException">The stream broke, or a line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var at = _buffer.AsSpan(_searched, _end - _searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_start, _searched + at - _start);
                _start = _searched = _searched + at + 1;
                if (line.Length > 0)
                {
                    return line;
                }

                continue;
            }

            _searched = _end;
            MakeRoom();
            var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                return default;
            }

            _end += count;
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_searched, _end, _start) = (_searched - _start, _end - _start, 0);
        }

        if (_end == _buffer.Length)
        {
            if (_buffer.Length >= MostBytes)
            {
                throw new IOException("a line of the watch is longer than 16 MiB");
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }
    }
}
