using DevOpsAgent.Logs.Clf;
using DevOpsAgent.Logs.Container;
using DevOpsAgent.Logs.Json;

namespace DevOpsAgent.Logs;

/// <summary>
/// Turns one line of an access log into a <see cref="LogEvent"/>: Traefik v2 and v3 JSON, CLF and generic CLF, each also
/// behind a Docker json-file wrapper or a Kubernetes CRI prefix; detected for each line. Never throws. Not thread-safe:
/// one per thread and log. Allocates nothing per line.
/// </summary>
internal sealed class LineParser(ClientResolver resolver)
{
    private readonly JsonLine _json = new(resolver);
    private readonly ClfLine _clf = new(resolver);
    private readonly PartialLine _output = new();
    private readonly PartialLine _errors = new();
    private int _torn;

    /// <summary>
    /// The event's slices live until the next call. False with <see cref="UnparsedReason.None"/>: the line was a part of a
    /// record that goes on in the next line.
    /// </summary>
    public bool TryParse(ReadOnlySpan<byte> line, out LogEvent e, out UnparsedReason reason)
    {
        e = default;
        if (line.Length > LineBoundary.MaxLine)
        {
            reason = UnparsedReason.TooLong;
            return false;
        }

        if (line.Length > 0 && line[0] == '{')
        {
            return TryText(line, ref e, out reason);
        }

        // {BOM}{...}, or NULs before the line: a file system that lost power had allocated, but not yet written, the block.
        var text = line.StartsWith("\uFEFF"u8) ? line[3..] : line;
        text = text.TrimStart("\0 \t\r\n"u8);
        if (!RuntimePrefix.TrySplit(text, out var isError, out var isPartial, out var rest))
        {
            return TryText(text, ref e, out reason) || Explain(line, ref reason);
        }

        return TryPart(rest, isError ? _errors : _output, isPartial, ref e, out reason);
    }

    /// <summary>Forgets a pending part. To be called where the lines that follow don't continue those before: each new block.</summary>
    public void Reset()
    {
        _output.Clear();
        _errors.Clear();
        _torn = 0;
    }

    /// <summary>Traefik writes "-" for what there is not.</summary>
    internal static ReadOnlySpan<byte> NullDash(ReadOnlySpan<byte> text) => text is [(byte)'-'] ? default : text;

    private bool TryPart(ReadOnlySpan<byte> rest, PartialLine pending, bool isPartial, scoped ref LogEvent e, out UnparsedReason reason)
    {
        if (isPartial)
        {
            pending.Append(rest.TrimEnd("\r\n"u8));
            reason = UnparsedReason.None;
            return false;
        }

        if (pending.IsEmpty)
        {
            return TryText(rest, ref e, out reason);
        }

        pending.Append(rest);
        var whole = pending.Bytes;
        var isTooLong = pending.IsTooLong;

        // Before the parts are read: a wrapper inside them must not be joined with itself, without end.
        pending.Clear();
        reason = UnparsedReason.TooLong;
        return !isTooLong && TryText(whole, ref e, out reason);
    }

    private bool TryText(ReadOnlySpan<byte> text, scoped ref LogEvent e, out UnparsedReason reason)
    {
        if (text.IsEmpty || text[^1] != '}')
        {
            text = text.TrimEnd("\r\n \t\0"u8);
        }

        if (text.IsEmpty)
        {
            reason = UnparsedReason.Empty;
            return false;
        }

        bool good;
        if (text[0] == '{')
        {
            good = _json.TryParse(text, ref e, out var wrapped, out reason);
            if (!good && reason == UnparsedReason.None)
            {
                good = TryWrapped(wrapped, text, ref e, out reason);
            }
        }
        else
        {
            good = TryClf(text, ref e, out reason);
            if (text[0] == '[' && reason == UnparsedReason.NotALogLine)
            {
                reason = ExplainArray(text);
            }
        }

        if (!good)
        {
            e = default;
            return false;
        }

        if (e.Router.IndexOf("devops-agent-deny"u8) >= 0)
        {
            e.Flags |= LogEventFlags.OwnDenial;
        }

        if (_torn > 0)
        {
            // A JSON line may stand between the torn line and its rest.
            e.Flags |= LogEventFlags.Suspect | LogEventFlags.Forgeable;
            _torn = e.Format == LogFormat.Json ? _torn - 1 : 0;
        }

        return true;
    }

    // Attack: the user name "x\n203.0.113.9 - y" makes two lines of one record, of which the second blames 203.0.113.9:
    //   198.51.100.210 - x
    //   203.0.113.9 - y [21/Nov/2026:07:36:18 +0000] "GET /.env HTTP/1.1" 401 ...
    // What follows such a torn line may be its rest, so it is suspect.
    private bool TryClf(ReadOnlySpan<byte> text, scoped ref LogEvent e, out UnparsedReason reason)
    {
        var good = _clf.TryParse(text, ref e, out reason);
        _torn = reason is UnparsedReason.Truncated or UnparsedReason.BadClf ? FormatTracker.Believed : _torn;
        return good;
    }

    // Docker cuts what a container writes after 16 KiB: {"log":"first part","stream":"stdout",...} {"log":"rest\n",...}. Without
    // joining them, a client hides its requests behind long paths. Shippers that join them leave the line feed out.
    private bool TryWrapped(ReadOnlySpan<byte> text, ReadOnlySpan<byte> line, scoped ref LogEvent e, out UnparsedReason reason)
    {
        var pending = line.LastIndexOf("\"stream\":\"stderr\""u8) > line.Length - 100 ? _errors : _output;
        var goesOn = text.Length >= LineBoundary.DockerPart && text[^1] != '\n';
        if (pending.IsEmpty && !goesOn)
        {
            return TryUnwrapped(text, ref e, out reason);
        }

        var torn = _torn;
        if (pending.IsEmpty && TryUnwrapped(text, ref e, out reason))
        {
            return true;
        }

        _torn = torn;
        return TryPart(text, pending, goesOn, ref e, out reason);
    }

    // One wrapper only: {"log":"{\"log\":...}"} is nobody's format.
    private bool TryUnwrapped(ReadOnlySpan<byte> text, scoped ref LogEvent e, out UnparsedReason reason)
    {
        text = text.TrimEnd("\r\n \t\0"u8);
        reason = UnparsedReason.Empty;
        if (text.IsEmpty)
        {
            return false;
        }

        if (text[0] != '{')
        {
            return TryClf(text, ref e, out reason);
        }

        var good = _json.TryParse(text, ref e, out _, out reason);
        reason = !good && reason == UnparsedReason.None ? UnparsedReason.NotALogLine : reason;
        return good;
    }

    private static UnparsedReason ExplainArray(ReadOnlySpan<byte> text) =>
        JsonScan.NestedEnd(text, 0, out var reason) < 0 && reason == UnparsedReason.TooDeep ? reason : UnparsedReason.NotALogLine;

    private static bool Explain(ReadOnlySpan<byte> line, scoped ref UnparsedReason reason)
    {
        // Escape (0x1B) is not binary: Traefik colours its own log.
        if (reason is UnparsedReason.NotALogLine or UnparsedReason.Empty
            && (line.ContainsAnyInRange((byte)0, (byte)8) || line.ContainsAnyInRange((byte)14, (byte)26)))
        {
            reason = UnparsedReason.Binary;
        }

        return false;
    }
}
