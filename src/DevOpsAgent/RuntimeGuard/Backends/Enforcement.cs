namespace DevOpsAgent.RuntimeGuard.Backends;

/// <summary>What comes of something denied, the weakest first.</summary>
internal enum Enforcement
{
    /// <summary>It isn't even seen.</summary>
    None,

    /// <summary>It is seen, after the fact.</summary>
    Observe,

    /// <summary>The process is killed; the effect may have happened.</summary>
    KillLate,

    /// <summary>The process is killed before the effect.</summary>
    Kill,

    /// <summary>The call fails with EPERM.</summary>
    Block,
}
