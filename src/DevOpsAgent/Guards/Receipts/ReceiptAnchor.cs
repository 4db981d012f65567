using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Guards.Receipts;

/// <summary>
/// A file beside the keys, outside the database, with the last signed entry: a chain whose end was cut, or a database that was
/// rolled back to an older copy, is intact in itself and shows only against this. One file per database path.
/// </summary>
internal sealed class ReceiptAnchor(string file, string database)
{
    private readonly Lock _writing = new();

    // Written or compared with the chain by this process.
    private AnchorPoint? _known;

    public string File { get; } = file;

    /// <param name="database">The database's path: another one has a chain of its own.</param>
    public static ReceiptAnchor Of(string keyDirectory, string database)
    {
        database = Path.GetFullPath(database);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(database)))[..16];
        return new(Path.Combine(Path.GetFullPath(keyDirectory), $"anchor-{name}.json"), database);
    }

    /// <summary>Null: nothing was anchored yet. Throws <see cref="KeyException"/> when the file can't be read or is damaged.</summary>
    public AnchorPoint? Read()
    {
        try
        {
            var point = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(File), AnchorJson.Default.AnchorPoint);
            return point is { V: 1, Seq: > 0, Id.Length: 64 } ? point : throw Damaged(null);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException fault)
        {
            throw Damaged(fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Failed("read", fault);
        }
    }

    /// <summary>
    /// Moves forward only, and only over a chain that still holds what was anchored: otherwise a database that was rolled back would
    /// erase the proof of it by going on. False: it doesn't hold it. Throws <see cref="KeyException"/>.
    /// </summary>
    public bool Advance(ChainEntry signed, IReceiptStore store)
    {
        lock (_writing)
        {
            if (Read() is { } now && now != _known)
            {
                if (store.Get(now.Seq)?.Id != now.Id)
                {
                    return false;
                }

                _known = now;
            }

            if (_known?.Seq >= signed.Seq)
            {
                return true;
            }

            var next = new AnchorPoint(1, signed.Seq, signed.Id, database);
            try
            {
                PrivateFile.Replace(File, JsonSerializer.SerializeToUtf8Bytes(next, AnchorJson.Default.AnchorPoint));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                throw Failed("written", fault);
            }

            _known = next;
            return true;
        }
    }

    private KeyException Damaged(Exception? fault) =>
        new($"The anchor {File} is damaged: restore it from a backup, or remove it (then nobody notices if the end of the receipts was cut until now).", fault);

    private KeyException Failed(string what, Exception fault) =>
        new($"The anchor {File} can't be {what} ({fault.Message}): make its directory readable and writable for this user alone.", fault);
}

/// <param name="Seq">The last signed entry.</param>
/// <param name="Database">For people: which database it is about.</param>
internal sealed record AnchorPoint(int V, long Seq, string Id, string Database)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"entry {Seq}");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AnchorPoint))]
internal sealed partial class AnchorJson : JsonSerializerContext;
