namespace DevOpsAgent.Configuration;

/// <summary>
/// A YamlNode is one value of a YAML file with the place where it starts (1-based; line 0 = not from a file). Values are
/// kept as text: what a text means is decided by the key that it belongs to, so that "yes", 010 and 1e3 never surprise.
/// </summary>
internal abstract record YamlNode(int Line, int Column);

/// <param name="Plain">Written without quotes: only then do "", "~" and "null" mean that there is no value.</param>
internal sealed record YamlText(string Value, bool Plain, int Line, int Column) : YamlNode(Line, Column)
{
    public bool IsNull => Plain && Value is "" or "~" or "null" or "Null" or "NULL";
}

internal sealed record YamlList(IReadOnlyList<YamlNode> Items, int Line, int Column) : YamlNode(Line, Column);

/// <summary>Keys are unique; the reader has reported and dropped second ones.</summary>
internal sealed record YamlMap(IReadOnlyList<YamlEntry> Entries, int Line, int Column) : YamlNode(Line, Column);

internal sealed record YamlEntry(YamlText Key, YamlNode Value);
