namespace DevOpsAgent.Configuration;

/// <summary>
/// A ConfigNode is one value of a YAML file with the place where it starts (1-based; line 0 = not from a file). Values are
/// kept as text: what a text means is decided by the key that it belongs to, so that "yes", 010 and 1e3 never surprise.
/// </summary>
internal abstract record ConfigNode(int Line, int Column);

/// <param name="Plain">Written without quotes: only then do "", "~" and "null" mean that there is no value.</param>
internal sealed record ConfigScalar(string Value, bool Plain, int Line, int Column) : ConfigNode(Line, Column)
{
    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";
}

internal sealed record ConfigList(IReadOnlyList<ConfigNode> Items, int Line, int Column) : ConfigNode(Line, Column);

/// <summary>Keys are unique; the reader has reported and dropped second ones.</summary>
internal sealed record ConfigMap(IReadOnlyList<ConfigEntry> Entries, int Line, int Column) : ConfigNode(Line, Column);

internal sealed record ConfigEntry(ConfigScalar Key, ConfigNode Value);
