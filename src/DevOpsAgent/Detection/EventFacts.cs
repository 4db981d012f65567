using DevOpsAgent.Addresses;

namespace DevOpsAgent.Detection;

/// <summary>
/// EventFacts is what the detector must know of one request: a plain value without references, made by the
/// <see cref="Classifier"/> and valid after its line is gone. 96 bytes.
/// </summary>
internal struct EventFacts
{
    /// <summary>UTC ticks (100 ns).</summary>
    public long Time;

    public ClientAddress Client;

    /// <summary>One bit per list of <see cref="PatternLists"/> that matched path or query.</summary>
    public ulong Tags;

    /// <summary>The same for the user agent, which anybody chooses freely: kept apart, so that it can't count as a probe.</summary>
    public ulong AgentTags;

    /// <summary>Canonical path, without query.</summary>
    public ulong PathHash;

    /// <summary>Canonical path with decoded query: tells payloads in one parameter apart.</summary>
    public ulong RequestHash;

    /// <summary>Canonical path without the extensions of its last segment: x, x.php and x.bak are one stem.</summary>
    public ulong StemHash;

    public uint AgentHash;
    public uint UserHash;
    public uint HostHash;

    /// <summary>Bytes sent, at most 4 GiB.</summary>
    public uint Size;

    public FactFlags Flags;
    public ushort Status;
    public MethodCode Method;

    /// <summary>Segments of the canonical path, at most 255.</summary>
    public byte Depth;
}

/// <summary>The first four have the values of LogEventFlags. The rest is the shape of the request.</summary>
[Flags]
internal enum FactFlags : uint
{
    None = 0,
    Forgeable = 1,
    Suspect = 2,
    Forwarded = 4,
    OwnDenial = 8,

    /// <summary>A step upwards in the path (.. in any spelling) that survived the server's own cleaning, so it was encoded.</summary>
    Traversal = 1 << 4,

    /// <summary>Encoded twice, overlong UTF-8, NUL, path parameters: forms that no browser makes.</summary>
    Trick = 1 << 5,

    /// <summary>A segment within the first three begins with a dot; .well-known does not count.</summary>
    DotName = 1 << 6,

    /// <summary>One segment of at most three characters.</summary>
    Stub = 1 << 7,

    /// <summary>Ends as a server-side script: .php .asp .aspx .jsp .cgi .pl ...</summary>
    Script = 1 << 8,

    /// <summary>Ends as a style, script, image, font or media file, or a source map.</summary>
    Asset = 1 << 9,

    /// <summary>The Host header is an address or absent.</summary>
    IpHost = 1 << 10,

    /// <summary>No router took it.</summary>
    NoRouter = 1 << 11,

    /// <summary>The request names a user (basic authentication, accepted or not).</summary>
    User = 1 << 12,

    /// <summary>Not from the line: the client was refused the same stem with another extension shortly before.</summary>
    Variant = 1 << 13,

    Query = 1 << 14,

    /// <summary>A number below a folder: /events/12. Word lists hold numbers, too, but only at the root do they mean anything.</summary>
    ItemNumber = 1 << 15,
}

/// <summary>Names are the methods themselves; anything else is Other.</summary>
internal enum MethodCode : byte
{
    Other,
    Get,
    Head,
    Post,
    Put,
    Delete,
    Options,
    Patch,
    Propfind,
    Proppatch,
    Mkcol,
    Move,
    Copy,
    Lock,
    Unlock,
    Report,
    Search,
    Trace,
    Connect,
    Debug,
}
