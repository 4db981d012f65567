using DevOpsAgent.Addresses;

namespace DevOpsAgent.Logs.Clf;

/// <summary>
/// Reads a line of Traefik's common log format, and of the generic one, which ends after the user agent:
/// <code>CLIENT - USER [21/Nov/2026:07:36:04 +0000] "GET /path HTTP/1.1" 404 512 "REFERER" "AGENT" 21 "ROUTER" "URL" 1ms</code>
/// CLIENT (X-Forwarded-For), USER, /path, REFERER and AGENT are a client's text. USER is not escaped at all, quotes in REFERER
/// and AGENT only since Traefik 3.7.3 (3.6.19), and /path may hold quotes, over HTTP/2 also spaces in the query. So columns
/// are not counted. Two anchors must each stand exactly once, <c> [time] "</c> and <c> HTTP/1.1" 404 512 "</c>, and the tail,
/// which Traefik writes itself, is read from the end. A line where an anchor stands twice can be read in two ways: refused.
/// What remains, a user name with a line feed that makes whole lines, no single line can show.
/// </summary>
internal sealed class ClfLine(ClientResolver resolver)
{
    private readonly byte[] _agent = new byte[LineBoundary.MaxLine];

    /// <summary>False with the reason; <see cref="UnparsedReason.NotALogLine"/> when nothing looks like CLF.</summary>
    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LogEvent e, out UnparsedReason reason)
    {
        switch (ClfAnchors.FindTime(line, out var time))
        {
            case 0:
                reason = !HasClient(line) ? UnparsedReason.NotALogLine : IsWhole(line) ? UnparsedReason.BadClf : UnparsedReason.Truncated;
                return false;
            case > 1:
                reason = UnparsedReason.BadClf;
                return false;
        }

        // "time" is the index of the space before "[".
        var request = line[(time + TimeText.ClfLength + 5)..];
        var requests = ClfAnchors.FindProtocol(request, out var protocol);
        if (requests != 1)
        {
            reason = requests > 0 || IsWhole(line) ? UnparsedReason.BadClf : UnparsedReason.Truncated;
            return false;
        }

        e.Flags = LogEventFlags.Forgeable;
        return TryFront(line[..time], ref e, out reason)
            && TryRequest(request[..protocol], ref e, out reason)
            && TryStatus(ref request, protocol, ref e, out reason)
            && TryTail(request, ref e, out reason)
            && TryTime(line.Slice(time + 2, TimeText.ClfLength), ref e, out reason);
    }

    // 198.51.100.207 - anna
    private bool TryFront(ReadOnlySpan<byte> front, scoped ref LogEvent e, out UnparsedReason reason)
    {
        reason = UnparsedReason.BadClf;
        var dash = front.IndexOf(" - "u8);
        if (dash <= 0)
        {
            return false;
        }

        // Attack: X-Forwarded-For "203.0.113.9 - x", to which the proxy appends ", 198.51.100.7": the column then reads
        // "203.0.113.9 - x, 198.51.100.7 - -" and the first " - " would blame 203.0.113.9. Where no proxy is trusted, the column
        // is Traefik's own text without blanks, and a user name may hold what it wants.
        if (resolver.HasTrustedProxies && front[(dash + 3)..].IndexOf(" - "u8) >= 0)
        {
            return false;
        }

        e.ClientHost = front[..dash];
        e.User = LineParser.NullDash(front[(dash + 3)..]);
        if (!resolver.TryResolve(ClientAddress.None, e.ClientHost, out e.Client, out var forwarded))
        {
            reason = UnparsedReason.BadClient;
            return false;
        }

        e.Flags |= forwarded ? LogEventFlags.Forwarded : LogEventFlags.None;
        reason = UnparsedReason.None;
        return true;
    }

    // GET /path
    private static bool TryRequest(ReadOnlySpan<byte> request, scoped ref LogEvent e, out UnparsedReason reason)
    {
        reason = UnparsedReason.BadClf;
        var space = request.IndexOf((byte)' ');
        if (space <= 0 || space > 32 || space + 1 >= request.Length || request[..space].ContainsAny((byte)'"', (byte)'['))
        {
            return false;
        }

        e.Method = request[..space];
        e.Path = request[(space + 1)..];
        reason = UnparsedReason.None;
        return true;
    }

    // HTTP/1.1" 404 512 "-" "curl/8" ...   leaves   "-" "curl/8" ...
    private static bool TryStatus(scoped ref ReadOnlySpan<byte> text, int protocol, scoped ref LogEvent e, out UnparsedReason reason)
    {
        text = text[(protocol + 1)..];
        text = text[(text.IndexOf((byte)' ') + 1)..];
        var space = text.IndexOf((byte)' ');
        var status = text[..space];
        text = text[(space + 1)..];
        space = text.IndexOf((byte)' ');
        NumberText.TryWhole(text[..space], out e.Size);
        text = text[(space + 1)..];
        if (status is [(byte)'-'])
        {
            reason = UnparsedReason.MissingField;
            return false;
        }

        if (!NumberText.TryWhole(status, out var code) || code is < 0 or > 999)
        {
            reason = UnparsedReason.BadStatus;
            return false;
        }

        e.Status = (int)code;
        reason = UnparsedReason.None;
        return true;
    }

    // "-" "curl/8" 21 "shop@file" "http://127.0.0.1:9001" 1ms      or, generic, only   "-" "curl/8"
    private bool TryTail(ReadOnlySpan<byte> text, scoped ref LogEvent e, out UnparsedReason reason)
    {
        reason = UnparsedReason.Truncated;
        e.Format = LogFormat.GenericClf;
        e.RequestCount = -1;
        if (text[^1] != '"')
        {
            e.Format = LogFormat.Clf;
            if (!ClfAnchors.TryTail(ref text, out var milliseconds, out e.Router, out e.RequestCount))
            {
                return false;
            }

            e.DurationNs = milliseconds * 1_000_000;
        }

        // "REFERER" "AGENT": both are the client's own, so where exactly they part harms nobody else.
        var gap = text.IndexOf("\" \""u8);
        if (text.Length < 5 || text[0] != '"' || gap < 0 || gap + 3 > text.Length - 1)
        {
            return false;
        }

        e.Agent = Unescape(LineParser.NullDash(text[(gap + 3)..^1]));
        reason = UnparsedReason.None;
        return true;
    }

    private static bool TryTime(ReadOnlySpan<byte> text, scoped ref LogEvent e, out UnparsedReason reason)
    {
        var good = TimeText.TryClf(text, out e.Time);
        reason = good ? UnparsedReason.None : UnparsedReason.BadTime;
        return good;
    }

    // \" stands for "; nothing else is escaped, a backslash stands for itself.
    private ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> text)
    {
        if (text.IndexOf("\\\""u8) < 0)
        {
            return text;
        }

        var written = 0;
        while (true)
        {
            var escape = text.IndexOf("\\\""u8);
            var plain = escape < 0 ? text : text[..escape];
            plain.CopyTo(_agent.AsSpan(written));
            written += plain.Length;
            if (escape < 0)
            {
                return _agent.AsSpan(0, written);
            }

            _agent[written++] = (byte)'"';
            text = text[(escape + 2)..];
        }
    }

    // 198.51.100.210 - x      the first part of a record whose user name holds a line feed, or a line that was cut early
    private static bool HasClient(ReadOnlySpan<byte> line)
    {
        var dash = line.IndexOf(" - "u8);
        return dash > 0 && ClientResolver.TryReadHop(line[..dash], out _);
    }

    private static bool IsWhole(ReadOnlySpan<byte> line) => line[^1] == '"' || line.EndsWith("ms"u8);
}
