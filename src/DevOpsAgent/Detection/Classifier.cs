using System.Buffers;
using DevOpsAgent.Logs;

namespace DevOpsAgent.Detection;

/// <summary>
/// The Classifier is stage one of detection: it turns one request into <see cref="EventFacts"/>, without memory of
/// other requests, so any number of threads run it at once, each with its own scratch.
/// </summary>
internal sealed class Classifier(PatternLists lists)
{
    private static readonly byte[][] Assets =
        [.. "css js mjs map png jpg jpeg gif svg webp avif ico woff woff2 ttf otf eot mp4 webm mp3 ogg m3u8 ts m4s wasm".Split(' ').Select(System.Text.Encoding.ASCII.GetBytes)];

    private static readonly byte[][] Scripts =
        [.. "php php3 php4 php5 php7 phtml asp aspx ashx asmx jsp jspx jspa do action cgi pl cfm".Split(' ').Select(System.Text.Encoding.ASCII.GetBytes)];

    private static readonly SearchValues<byte> NotAddress = SearchValues.Create("ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ_-"u8);

    private readonly PatternLists _lists = lists;

    public EventFacts Classify(in LogEvent e, ClassifierScratch scratch)
    {
        var facts = new EventFacts
        {
            Time = e.Time,
            Client = e.Client,
            Status = (ushort)Math.Clamp(e.Status, 0, 999),
            Method = MethodOf(e.Method),
            Size = (uint)Math.Clamp(e.Size, 0, uint.MaxValue),
            Flags = (FactFlags)e.Flags & (FactFlags.Forgeable | FactFlags.Suspect | FactFlags.Forwarded | FactFlags.OwnDenial),
        };

        var key = scratch.Key(e.Path);
        ref var path = ref scratch.PathFor(key);
        if (path.Key != key)
        {
            path = ReadPath(e.Path, key, scratch.Canonical);
        }

        key = scratch.Key(e.Agent);
        ref var agent = ref scratch.AgentFor(key);
        if (agent.Key != key)
        {
            agent = ReadAgent(e.Agent, key);
        }

        facts.Tags = path.Tags;
        facts.AgentTags = agent.Tags;
        facts.PathHash = path.PathHash;
        facts.RequestHash = path.RequestHash;
        facts.StemHash = path.StemHash;
        facts.Depth = path.Depth;
        facts.AgentHash = (uint)agent.Hash;
        facts.Flags |= path.Flags;
        facts.HostHash = HostHashOf(e.Host);
        if (!e.User.IsEmpty)
        {
            facts.UserHash = (uint)Hash64.Of(e.User);
            facts.Flags |= FactFlags.User;
        }

        if (e.Host.IsEmpty || e.Host.IndexOfAny(NotAddress) < 0)
        {
            facts.Flags |= FactFlags.IpHost;
        }

        if (e.Router.IsEmpty && e.Status == 404)
        {
            facts.Flags |= FactFlags.NoRouter;
        }

        return facts;
    }

    /// <summary>How rules compare hosts: lower case, without port.</summary>
    public static uint HostHashOf(ReadOnlySpan<byte> host)
    {
        Span<byte> lower = stackalloc byte[256];
        host = host[..Math.Min(host.Length, lower.Length)];
        var colon = host.LastIndexOf((byte)':');
        if (colon > 0 && host.IndexOf((byte)':') == colon)
        {
            host = host[..colon];
        }

        System.Text.Ascii.ToLower(host, lower, out var length);
        return (uint)Hash64.Of(length == host.Length ? lower[..length] : host);
    }

    public static MethodCode MethodOf(ReadOnlySpan<byte> method) => method.Length switch
    {
        3 => method.SequenceEqual("GET"u8) ? MethodCode.Get : method.SequenceEqual("PUT"u8) ? MethodCode.Put : MethodCode.Other,
        4 => method.SequenceEqual("POST"u8) ? MethodCode.Post
            : method.SequenceEqual("HEAD"u8) ? MethodCode.Head
            : method.SequenceEqual("MOVE"u8) ? MethodCode.Move
            : method.SequenceEqual("COPY"u8) ? MethodCode.Copy
            : method.SequenceEqual("LOCK"u8) ? MethodCode.Lock : MethodCode.Other,
        5 => method.SequenceEqual("PATCH"u8) ? MethodCode.Patch
            : method.SequenceEqual("MKCOL"u8) ? MethodCode.Mkcol
            : method.SequenceEqual("TRACE"u8) ? MethodCode.Trace
            : method.SequenceEqual("DEBUG"u8) ? MethodCode.Debug : MethodCode.Other,
        6 => method.SequenceEqual("DELETE"u8) ? MethodCode.Delete
            : method.SequenceEqual("REPORT"u8) ? MethodCode.Report
            : method.SequenceEqual("UNLOCK"u8) ? MethodCode.Unlock
            : method.SequenceEqual("SEARCH"u8) ? MethodCode.Search : MethodCode.Other,
        7 => method.SequenceEqual("OPTIONS"u8) ? MethodCode.Options
            : method.SequenceEqual("CONNECT"u8) ? MethodCode.Connect : MethodCode.Other,
        8 => method.SequenceEqual("PROPFIND"u8) ? MethodCode.Propfind : MethodCode.Other,
        9 => method.SequenceEqual("PROPPATCH"u8) ? MethodCode.Proppatch : MethodCode.Other,
        _ => MethodCode.Other,
    };

    private ClassifierScratch.PathSlot ReadPath(ReadOnlySpan<byte> raw, ulong key, CanonicalPath path)
    {
        path.Read(raw);
        var hash = PatternLists.HashOf(path);
        return new()
        {
            Key = key,
            Tags = _lists.MatchPath(path),
            PathHash = hash,
            RequestHash = path.Query.IsEmpty ? hash : Hash64.Of(path.Query, hash),
            StemHash = StemOf(path),
            Flags = path.Flags | ShapeOf(path),
            Depth = (byte)Math.Min(path.SegmentCount, byte.MaxValue),
        };
    }

    private ClassifierScratch.AgentSlot ReadAgent(ReadOnlySpan<byte> raw, ulong key)
    {
        var hash = Hash64.Of(raw);
        var buffer = ArrayPool<byte>.Shared.Rent(raw.Length + 1);
        for (var i = 0; i < raw.Length; i++)
        {
            buffer[i] = (uint)(raw[i] - 'A') <= 'Z' - 'A' ? (byte)(raw[i] | 0x20) : raw[i];
        }

        var tags = _lists.MatchAgent(buffer.AsSpan(0, raw.Length));
        ArrayPool<byte>.Shared.Return(buffer);
        return new() { Key = key, Hash = hash, Tags = tags };
    }

    private static FactFlags ShapeOf(CanonicalPath path)
    {
        var flags = FactFlags.None;
        for (var i = 0; i < Math.Min(3, path.SegmentCount); i++)
        {
            if (path.Segment(i)[0] == '.' && !path.Segment(i).SequenceEqual(".well-known"u8))
            {
                flags |= FactFlags.DotName;
            }
        }

        if (path.SegmentCount == 0)
        {
            return flags;
        }

        var last = path.Segment(path.SegmentCount - 1);
        if (path.SegmentCount == 1 && last.Length <= 3 && (path.Flags & FactFlags.Query) == FactFlags.None)
        {
            flags |= FactFlags.Stub;
        }

        if (path.SegmentCount > 1 && last.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0)
        {
            flags |= FactFlags.ItemNumber;
        }

        var dot = last.LastIndexOf((byte)'.');
        if (dot > 0)
        {
            flags |= IsOneOf(Assets, last[(dot + 1)..]) ? FactFlags.Asset : IsOneOf(Scripts, last[(dot + 1)..]) ? FactFlags.Script : FactFlags.None;
        }

        return flags;
    }

    private static bool IsOneOf(byte[][] extensions, ReadOnlySpan<byte> extension)
    {
        foreach (var known in extensions)
        {
            if (extension.SequenceEqual(known))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>/a/x.tar.gz and /a/x: /a/x. A name that begins with a dot keeps its first part: .env.bak and .env: .env.</summary>
    private static ulong StemOf(CanonicalPath path)
    {
        if (path.SegmentCount == 0)
        {
            return 0;
        }

        var last = path.Segment(path.SegmentCount - 1);
        var dot = last[1..].IndexOf((byte)'.');
        var whole = path.Path;
        return Hash64.Of(dot < 0 ? whole : whole[..(whole.Length - last.Length + dot + 1)]);
    }
}
