using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DevOpsAgent.Signing;

/// <summary>
/// One public key of the ring. <see cref="Statement"/> is signed twice: by the predecessor (else anybody could append a key of
/// his own) and by the key itself (else anybody could put a first key of his own before it).
/// </summary>
/// <param name="Previous">The id of the predecessor; null for the first key.</param>
/// <param name="Endorsement">The predecessor's signature; null for the first key (in the file empty: so the generated writer has it).</param>
internal sealed record PublicKeyRecord(string Id, byte[] PublicKey, DateTimeOffset At, string? Previous, byte[]? Endorsement, byte[] SelfSignature)
{
    public static PublicKeyRecord Make(SigningKey key, DateTimeOffset at, SigningKey? previous)
    {
        var statement = Statement(key.Id, previous?.Id, at);
        return new(key.Id, key.PublicKey, at, previous?.Id, previous?.Sign(statement), key.Sign(statement));
    }

    /// <summary>Whether it follows <paramref name="before"/> (null: it is the first) by valid signatures.</summary>
    public bool Follows(PublicKeyRecord? before)
    {
        var statement = Statement(Id, Previous, At);
        return PublicKey is not null && SelfSignature is not null && SigningKey.IdOf(PublicKey) == Id && Previous == before?.Id
            && SigningKey.Verify(PublicKey, statement, SelfSignature)
            && (before is null ? Endorsement is not { Length: > 0 } : Endorsement is not null && SigningKey.Verify(before.PublicKey, statement, Endorsement));
    }

    private static byte[] Statement(string id, string? previous, DateTimeOffset at) => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $"devops-agent signing key\n{id}\n{previous ?? "first"}\n{at.UtcDateTime:O}\n"));
}

/// <summary>The public half of the ring, oldest first: each key endorsed by the one before it. It is enough to verify with.</summary>
internal sealed class PublicKeys
{
    private readonly Dictionary<string, byte[]> _byId;

    private PublicKeys(IReadOnlyList<PublicKeyRecord> records)
    {
        Records = records;
        _byId = records.ToDictionary(static r => r.Id, static r => r.PublicKey, StringComparer.Ordinal);
    }

    public IReadOnlyList<PublicKeyRecord> Records { get; }

    public static PublicKeys First(SigningKey key, DateTimeOffset at) => new([PublicKeyRecord.Make(key, at, null)]);

    /// <summary>False: damaged, or a key in it isn't endorsed by the one before it; the text says which.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out PublicKeys keys, out string problem)
    {
        (keys, problem) = (null!, "");
        PublicKeyFile? file;
        try
        {
            file = JsonSerializer.Deserialize(json, PublicKeyJson.Default.PublicKeyFile);
        }
        catch (JsonException fault)
        {
            problem = fault.Message;
            return false;
        }

        if (file?.Keys is not { Count: > 0 } records || file.V != 1)
        {
            problem = "it holds no keys of version 1";
            return false;
        }

        PublicKeyRecord? before = null;
        foreach (var record in records)
        {
            if (record is null || !record.Follows(before))
            {
                problem = before is null ? $"its first key {record?.Id} isn't signed by itself" : $"key {record?.Id} isn't endorsed by the key before it, {before.Id}";
                return false;
            }

            before = record;
        }

        if (records.DistinctBy(static r => r.Id, StringComparer.Ordinal).Count() != records.Count)
        {
            problem = "a key stands in it twice";
            return false;
        }

        keys = new(records);
        return true;
    }

    /// <summary>
    /// The ring with <paramref name="next"/> after <paramref name="current"/>. What stood after current is a key that a rotation
    /// was killed over: nothing was signed by it.
    /// </summary>
    public PublicKeys With(SigningKey next, SigningKey current, DateTimeOffset at) =>
        new([.. Records.TakeWhile(r => r.Id != current.Id), Records.First(r => r.Id == current.Id), PublicKeyRecord.Make(next, at, current)]);

    public bool TryFind(string id, out byte[] spki) => _byId.TryGetValue(id, out spki!);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(new PublicKeyFile(1, Records), PublicKeyJson.Default.PublicKeyFile);
}

internal sealed record PublicKeyFile(int V, IReadOnlyList<PublicKeyRecord> Keys);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(PublicKeyFile))]
internal sealed partial class PublicKeyJson : JsonSerializerContext;
