using DevOpsAgent.Addresses;

namespace DevOpsAgent.Logs.Json;

/// <summary>Reads a line of Traefik's JSON access log (v2 and v3), at the root or nested under a shipper's key.</summary>
internal sealed class JsonLine(ClientResolver resolver)
{
    /// <summary>{"kubernetes":{…},"log":{"parsed":{…record…}}} is as deep as envelopes go.</summary>
    private const int MaxEnvelopes = 3;

    /// <summary>Keys that decide who did what: twice in one line means that somebody chooses which one wins.</summary>
    private static readonly uint s_decisive =
        JsonObject.Bit(JsonKey.ClientAddr) | JsonObject.Bit(JsonKey.ClientHost) | JsonObject.Bit(JsonKey.ClientUsername)
        | JsonObject.Bit(JsonKey.DownstreamContentSize) | JsonObject.Bit(JsonKey.DownstreamStatus) | JsonObject.Bit(JsonKey.Duration)
        | JsonObject.Bit(JsonKey.RequestCount) | JsonObject.Bit(JsonKey.RequestHost) | JsonObject.Bit(JsonKey.RequestMethod)
        | JsonObject.Bit(JsonKey.RequestPath) | JsonObject.Bit(JsonKey.RouterName) | JsonObject.Bit(JsonKey.StartUtc)
        | JsonObject.Bit(JsonKey.EntryPointName) | JsonObject.Bit(JsonKey.UserAgent);

    private readonly JsonObject _object = new();
    private readonly byte[] _text = new byte[LineBoundary.MaxLine];
    private readonly byte[] _wrapped = new byte[LineBoundary.MaxLine];
    private int _textLength;

    /// <summary>
    /// <paramref name="line"/> begins with '{'. False with the reason, or with <paramref name="wrapped"/> = the text of a
    /// container's line (Docker json-file: <c>{"log":"…\n","stream":"stdout","time":"…"}</c>) that is to be parsed instead.
    /// </summary>
    public bool TryParse(ReadOnlySpan<byte> line, scoped ref LogEvent e, out ReadOnlySpan<byte> wrapped, out UnparsedReason reason)
    {
        wrapped = default;
        _textLength = 0;
        if (!_object.TryRead(line, out reason))
        {
            return false;
        }

        if (_object.IsRecord)
        {
            return TryBuild(line, ref e, out reason);
        }

        return TryEnvelope(line, ref e, out wrapped, out reason);
    }

    private bool TryEnvelope(ReadOnlySpan<byte> line, scoped ref LogEvent e, out ReadOnlySpan<byte> wrapped, out UnparsedReason reason)
    {
        wrapped = default;
        if (_object.HasText(JsonKey.Log) && _object.Nested.IsEmpty)
        {
            return TryUnwrap(line, out wrapped, out reason);
        }

        var records = 0;
        Range record = default;
        Search(line, 0, 0, ref record, ref records);
        if (records == 1)
        {
            line = line[record];
            return _object.TryRead(line, out reason) && TryBuild(line, ref e, out reason);
        }

        if (records > 1)
        {
            // Two records in one line: which one is the request would be a guess.
            reason = UnparsedReason.DuplicateKey;
            return false;
        }

        reason = UnparsedReason.NotALogLine;
        return _object.TryRead(line, out _) && _object.HasText(JsonKey.Log) && TryUnwrap(line, out wrapped, out reason);
    }

    private bool TryUnwrap(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> wrapped, out UnparsedReason reason)
    {
        wrapped = default;
        reason = _object.AnyTwice(JsonObject.Bit(JsonKey.Log)) ? UnparsedReason.DuplicateKey : UnparsedReason.None;
        if (reason != UnparsedReason.None)
        {
            return false;
        }

        var raw = _object.Raw(line, JsonKey.Log, out _);
        var length = JsonText.Unescape(raw, _wrapped);
        if (length < 0)
        {
            reason = UnparsedReason.InvalidJson;
            return false;
        }

        wrapped = _wrapped.AsSpan(0, length);
        return false;
    }

    private void Search(ReadOnlySpan<byte> text, int offset, int depth, ref Range record, ref int records)
    {
        Span<Range> nested = stackalloc Range[_object.Nested.Length];
        _object.Nested.CopyTo(nested);
        foreach (var range in nested)
        {
            var (start, length) = range.GetOffsetAndLength(text.Length);
            var part = text.Slice(start, length);
            if (!_object.TryRead(part, out _))
            {
                continue;
            }

            if (_object.IsRecord)
            {
                records++;
                record = (offset + start)..(offset + start + length);
            }
            else if (depth + 1 < MaxEnvelopes)
            {
                Search(part, offset + start, depth + 1, ref record, ref records);
            }
        }
    }

    private bool TryBuild(ReadOnlySpan<byte> text, scoped ref LogEvent e, out UnparsedReason reason)
    {
        reason = UnparsedReason.DuplicateKey;
        if (_object.AnyTwice(s_decisive))
        {
            return false;
        }

        var path = Text(text, JsonKey.RequestPath, ref reason);
        var status = Text(text, JsonKey.DownstreamStatus, ref reason);
        if (path.IsEmpty || status.IsEmpty)
        {
            reason = reason == UnparsedReason.InvalidJson ? reason : UnparsedReason.MissingField;
            return false;
        }

        if (!NumberText.TryWhole(status, out var code) || code is < 0 or > 999)
        {
            reason = UnparsedReason.BadStatus;
            return false;
        }

        e.Format = LogFormat.Json;
        e.Status = (int)code;
        e.Path = path;
        return TryTime(text, ref e, ref reason) && TryClient(text, ref e, ref reason) && TryRest(text, ref e, ref reason);
    }

    private bool TryTime(ReadOnlySpan<byte> text, scoped ref LogEvent e, scoped ref UnparsedReason reason)
    {
        // `time` is the end of the request in whole seconds: the last resort.
        var key = _object.Has(JsonKey.StartUtc) ? JsonKey.StartUtc : _object.Has(JsonKey.StartLocal) ? JsonKey.StartLocal : JsonKey.Time;
        if (_object.AnyTwice(JsonObject.Bit(key)))
        {
            return false;
        }

        var value = Text(text, key, ref reason);
        if (value.IsEmpty)
        {
            reason = UnparsedReason.MissingField;
            return false;
        }

        if (!TimeText.TryRfc3339(value, out e.Time))
        {
            reason = UnparsedReason.BadTime;
            return false;
        }

        return true;
    }

    private bool TryClient(ReadOnlySpan<byte> text, scoped ref LogEvent e, scoped ref UnparsedReason reason)
    {
        e.ClientHost = Text(text, JsonKey.ClientHost, ref reason);
        if (!ClientResolver.TryReadHop(Text(text, JsonKey.ClientAddr, ref reason), out e.Peer))
        {
            // Dropped by configuration, or "@": a Unix socket. ClientHost is all there is, and it may be a client's header.
            e.Peer = ClientAddress.None;
            e.Flags |= LogEventFlags.Forgeable;
        }

        if (!resolver.TryResolve(e.Peer, e.ClientHost, out e.Client, out var forwarded))
        {
            reason = UnparsedReason.BadClient;
            return false;
        }

        e.Flags |= forwarded ? LogEventFlags.Forwarded : LogEventFlags.None;
        return true;
    }

    private bool TryRest(ReadOnlySpan<byte> text, scoped ref LogEvent e, scoped ref UnparsedReason reason)
    {
        reason = UnparsedReason.None;
        e.Method = Text(text, JsonKey.RequestMethod, ref reason);
        e.Host = Text(text, JsonKey.RequestHost, ref reason);
        e.Agent = Text(text, JsonKey.UserAgent, ref reason);
        e.User = LineParser.NullDash(Text(text, JsonKey.ClientUsername, ref reason));
        e.Router = Text(text, JsonKey.RouterName, ref reason);
        e.EntryPoint = Text(text, JsonKey.EntryPointName, ref reason);
        e.DurationNs = Math.Max(0, Whole(text, JsonKey.Duration, 0));
        e.Size = Math.Max(0, Whole(text, JsonKey.DownstreamContentSize, 0));
        e.RequestCount = Math.Max(-1, Whole(text, JsonKey.RequestCount, -1));
        return reason == UnparsedReason.None;
    }

    private ReadOnlySpan<byte> Text(ReadOnlySpan<byte> text, JsonKey key, scoped ref UnparsedReason reason)
    {
        var raw = _object.Raw(text, key, out var escaped);
        if (!escaped)
        {
            return raw;
        }

        var target = _text.AsSpan(_textLength);
        var length = JsonText.Unescape(raw, target);
        if (length < 0)
        {
            reason = UnparsedReason.InvalidJson;
            return default;
        }

        _textLength += length;
        return target[..length];
    }

    // Durations and sizes decide nothing: what can't be read (400 digits) is left out, the line counts.
    private long Whole(ReadOnlySpan<byte> text, JsonKey key, long otherwise) =>
        NumberText.TryWhole(_object.Raw(text, key, out _), out var value) ? value : otherwise;
}
