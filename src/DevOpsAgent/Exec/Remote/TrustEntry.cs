namespace DevOpsAgent.Exec.Remote;

/// <summary>One key that may ask for commands (both an agent's and its machine's must be trusted), or a server that may be asked.</summary>
internal sealed record TrustEntry(PeerKind Kind, PeerKey Key, string Description, DateTimeOffset AddedAt);
