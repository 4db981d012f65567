namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>Why a policy denies something.</summary>
internal enum Denial : byte
{
    None = 0,

    /// <summary>A rule of a blocked list.</summary>
    Blocked,

    /// <summary>There is an allowed list, and it isn't in it.</summary>
    Unauthorized,

    /// <summary>The process has no network at all.</summary>
    NoNetwork,

    /// <summary>There are rules for files, and nobody can say which file this path names.</summary>
    Unresolvable,
}
