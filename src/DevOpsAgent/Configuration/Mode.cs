namespace DevOpsAgent.Configuration;

/// <summary>Operating mode, global or of one rule. Ordered: the lower of two applies.</summary>
internal enum Mode : byte
{
    /// <summary>Reads and records only.</summary>
    Disabled,

    /// <summary>A person approves each block.</summary>
    Review,

    /// <summary>Blocks that all guards permit are carried out at once.</summary>
    Auto,
}
