using System.Net;

namespace DevOpsAgent.App.ExecService;

/// <summary>The body of a call as the client sends it: the line, a line feed, standard input.</summary>
internal sealed class CallContent(byte[] line, ReadOnlyMemory<byte> stdin) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(line);
        await stream.WriteAsync("\n"u8.ToArray());
        await stream.WriteAsync(stdin);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = line.Length + 1 + stdin.Length;
        return true;
    }
}
