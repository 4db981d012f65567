using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.ExecService;

/// <summary>The body of a call: one line of JSON, a line feed, and the bytes of standard input.</summary>
internal static class CallBody
{
    /// <summary>The first line without its end; null if there is none within the limit.</summary>
    public static async Task<byte[]?> ReadLineAsync(PipeReader body, int limit, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                var bytes = line.Length <= limit ? line.ToArray() : null;
                body.AdvanceTo(buffer.GetPosition(1, end));
                return bytes;
            }

            if (read.IsCompleted || buffer.Length > limit)
            {
                body.AdvanceTo(buffer.End);
                return null;
            }

            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>
    /// What follows the line: exactly as many bytes as the call says, with its hash. Null if it is anything else. Of more than
    /// <paramref name="cap"/> bytes only one more than that is read: the checks before it shall name their reasons, and the cap its own.
    /// </summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadStdinAsync(PipeReader body, ExecCall call, long cap, CancellationToken cancellationToken)
    {
        var wanted = (int)Math.Min(call.StdinBytes, cap + 1);
        var stdin = new byte[wanted];
        var length = 0;
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            var rest = buffer.Slice(0, Math.Min(buffer.Length, wanted - length));
            rest.CopyTo(stdin.AsSpan(length));
            length += (int)rest.Length;
            var more = buffer.Length > rest.Length;
            body.AdvanceTo(buffer.End);
            if (wanted < call.StdinBytes && length == wanted)
            {
                return stdin;
            }

            if (more)
            {
                return null;
            }

            if (read.IsCompleted)
            {
                var whole = length == wanted && (call.StdinSha256 is null || Convert.ToHexStringLower(SHA256.HashData(stdin)) == call.StdinSha256);
                if (!whole)
                {
                    return null; // not in one expression with the array, whose null would become empty memory
                }

                return stdin;
            }
        }
    }
}
