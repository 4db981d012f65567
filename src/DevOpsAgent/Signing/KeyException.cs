namespace DevOpsAgent.Signing;

/// <summary>The keys can't be used: missing, readable by others, damaged, not writable. The message says which file and what to do.</summary>
internal sealed class KeyException(string message, Exception? inner = null) : Exception(message, inner);
