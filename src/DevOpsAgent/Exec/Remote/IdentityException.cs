namespace DevOpsAgent.Exec.Remote;

/// <summary>A key, identity or trust file can't be used. The message says what is wrong, where, and what to do.</summary>
internal sealed class IdentityException(string message, Exception? inner = null) : Exception(message, inner);
