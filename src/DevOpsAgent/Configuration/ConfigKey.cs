using System.Text.Json.Nodes;

namespace DevOpsAgent.Configuration;

/// <summary>One key of a configuration record: its path ("blocking.ttl"), how to read it, and where its value lives.</summary>
internal abstract class ConfigKey<TOwner>(string path)
{
    public string Path { get; } = path;

    public abstract bool IsList { get; }

    public abstract bool IsSecret { get; }

    /// <summary>False: wrong and reported; the owner is unchanged.</summary>
    public abstract bool TryRead(ConfigNode node, KeyReader reader, ref TOwner owner);

    /// <summary>The value as JSON; secrets are masked.</summary>
    public abstract JsonNode? Show(TOwner owner);
}

internal sealed class ConfigKey<TOwner, T>(string path, KeyType<T> type, Func<TOwner, T> get, Func<TOwner, T, TOwner> set) : ConfigKey<TOwner>(path)
{
    public override bool IsList => type.IsList;

    public override bool IsSecret => type.IsSecret;

    public override bool TryRead(ConfigNode node, KeyReader reader, ref TOwner owner)
    {
        if (!type.TryRead(node, Path, reader, out var value))
        {
            return false;
        }

        owner = set(owner, value);
        return true;
    }

    public override JsonNode? Show(TOwner owner) => type.Show(get(owner));
}
