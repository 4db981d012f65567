using System.Buffers;

namespace DevOpsAgent.Agent.Llm.Wire;

/// <summary>
/// The body of an answer as it comes: not more than a limit, no web page, not cut by the transport, and no error event among the
/// events of a stream. The SDKs above pass some of these over in silence.
/// </summary>
/// <param name="most">Bytes.</param>
/// <param name="events">True: text/event-stream, searched for errors.</param>
internal sealed class WatchedStream(Stream inner, ServerFaults faults, long most, bool events) : Stream
{
    private readonly ArrayBufferWriter<byte> _line = new();
    private long _bytes;
    private bool _begun;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count;
        try
        {
            count = await inner.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException e)
        {
            throw faults.Of(LlmFault.CutStream, "was cut off in the middle of its answer", e);
        }

        Watch(buffer.Span[..count]);
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count)
    {
        try
        {
            count = inner.Read(buffer, offset, count);
        }
        catch (IOException e)
        {
            throw faults.Of(LlmFault.CutStream, "was cut off in the middle of its answer", e);
        }

        Watch(buffer.AsSpan(offset, count));
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Watch(ReadOnlySpan<byte> bytes)
    {
        _bytes += bytes.Length;
        if (_bytes > most)
        {
            throw faults.Of(LlmFault.Endless, $"answers without end (more than {most >> 10} KiB)");
        }

        if (!_begun && bytes.TrimStart(" \t\r\n"u8) is { Length: > 0 } start)
        {
            _begun = true;
            if (start[0] == '<')
            {
                throw faults.Of(LlmFault.WebPage, "answers with text that begins with '<'");
            }
        }

        if (events)
        {
            Search(bytes);
        }
    }

    private void Search(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOfAny((byte)'\n', (byte)'\r') is >= 0 and var end)
        {
            _line.Write(bytes[..end]);
            bytes = bytes[(end + 1)..];
            LookAt(_line.WrittenMemory);
            _line.ResetWrittenCount();
        }

        _line.Write(bytes);
    }

    // data: {"error":{"message":"The server had an error ...","type":"server_error"}}
    // data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}
    private void LookAt(ReadOnlyMemory<byte> line)
    {
        if (line.Span.StartsWith("data:"u8) && line.Span.IndexOf("\"error\""u8) >= 0 && ErrorBody.TryRead(line["data:".Length..], failed: false) is { } error)
        {
            throw faults.Of(null, error, null);
        }
    }
}
