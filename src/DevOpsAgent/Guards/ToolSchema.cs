namespace DevOpsAgent.Guards;

/// <summary>The parameters of a tool: a flat object of these fields and no others. Shown to models as JSON Schema.</summary>
internal sealed record ToolSchema(IReadOnlyList<ToolField> Fields);

/// <summary>One parameter.</summary>
/// <param name="Values">For <see cref="FieldType.Choice"/>: what is accepted.</param>
internal sealed record ToolField(string Name, FieldType Type, string Description)
{
    public bool Required { get; init; } = true;

    /// <summary>Its value is hashed, never shown.</summary>
    public bool Secret { get; init; }

    public IReadOnlyList<string> Values { get; init; } = [];
    public long Min { get; init; }
    public long Max { get; init; } = long.MaxValue;
    public int MaxLength { get; init; } = 500;
}

internal enum FieldType
{
    Text,
    Integer,
    Boolean,
    Choice,

    /// <summary>An IP address or range in canonical form.</summary>
    AddressRange,

    /// <summary>"4h", "30m".</summary>
    Duration,

    /// <summary>A time as RFC 3339: "2027-01-31T12:00:00Z".</summary>
    Time,

    /// <summary>A list of texts, each of at most MaxLength, at most Max of them.</summary>
    TextList,
}
