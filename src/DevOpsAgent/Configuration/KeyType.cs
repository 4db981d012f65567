using System.Text.Json.Nodes;

namespace DevOpsAgent.Configuration;

/// <summary>How a key's value is read, checked and shown again.</summary>
internal abstract class KeyType<T>
{
    /// <summary>True: an environment variable or flag gives several values, separated by commas.</summary>
    public virtual bool IsList => false;

    public virtual bool IsSecret => false;

    /// <summary>False: wrong; what and what to write instead has been reported.</summary>
    public abstract bool TryRead(ConfigNode node, string key, KeyReader reader, out T value);

    /// <summary>The value for <c>config show</c>: secrets are masked.</summary>
    public abstract JsonNode? Show(T value);
}

/// <summary>Reads one value from text. Null: fine; else what is wanted, following the key's name: "must be true or false".</summary>
internal delegate string? ReadText<T>(string text, out T value);

/// <summary>A single value.</summary>
internal sealed class SingleType<T>(string expects, ReadText<T> read, Func<T, JsonNode?> show) : KeyType<T>
{
    /// <summary>"must be a duration such as 90s, 30m, 4h or 7d": what is said where there is no text at all.</summary>
    public string Expects { get; } = expects;

    public bool Secret { get; init; }

    public override bool IsSecret => Secret;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out T value)
    {
        value = default!;
        if (node is ConfigScalar { IsNull: true })
        {
            reader.Report(node, $"'{key}' {Expects}, but has no value; give one or delete the line");
            return false;
        }

        if (!reader.TryText(node, key, Expects, out var text))
        {
            return false;
        }

        var wrong = read(text, out value);
        if (wrong is null)
        {
            return true;
        }

        // Only what stands in the file is quoted: what a variable held may be a password in the wrong place.
        var quoted = ((ConfigScalar)node).Value;
        reader.Report(node, Secret ? $"'{key}' {wrong}" : $"'{key}' {wrong}, not '{SecretMask.Hide(quoted.Length > 80 ? quoted[..80] + "..." : quoted)}'");
        return false;
    }

    public override JsonNode? Show(T value) => show(value);
}

/// <summary>A single value that may be left empty.</summary>
internal sealed class OptionalType<T>(SingleType<T> type) : KeyType<T?> where T : class
{
    public override bool IsSecret => type.IsSecret;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out T? value)
    {
        value = null;
        if (node is ConfigScalar { IsNull: true })
        {
            return true;
        }

        var fine = type.TryRead(node, key, reader, out var read);
        value = read;
        return fine;
    }

    public override JsonNode? Show(T? value) => value is null ? null : type.Show(value);
}

/// <summary>A list of single values. All wrong items are reported, not only the first.</summary>
internal sealed class ListType<T>(SingleType<T> item, string example) : KeyType<IReadOnlyList<T>>
{
    public override bool IsList => true;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out IReadOnlyList<T> value)
    {
        value = [];
        switch (node)
        {
            case ConfigScalar { IsNull: true }:
                return true;
            case ConfigList list:
                var items = new List<T>(list.Items.Count);
                foreach (var each in list.Items)
                {
                    if (item.TryRead(each, key, reader, out var read))
                    {
                        items.Add(read);
                    }
                }

                value = items;
                return items.Count == list.Items.Count;
            default:
                reader.Report(node, $"'{key}' must be a list, as {example}, not {KeyReader.Kind(node)}");
                return false;
        }
    }

    public override JsonNode? Show(IReadOnlyList<T> value) => new JsonArray([.. value.Select(item.Show)]);
}
