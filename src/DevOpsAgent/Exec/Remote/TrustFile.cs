using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Exec.Remote;

/// <summary>
/// The list of trusted keys as a file (0600):
/// <c>{"version": 1, "trusted": [{"kind": "agent", "id": "64 hex", "public_key": "base64 of the SubjectPublicKeyInfo", "description": "...", "added_at": "2026-11-21T09:00:00Z"}]}</c>.
/// Whoever can write it decides who may run commands, so anything odd in it makes the whole file invalid: nobody is trusted then.
/// </summary>
internal static class TrustFile
{
    public const int MaxBytes = 4 * 1024 * 1024;
    public const int MaxDescription = 200;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4, AllowDuplicateProperties = false };

    /// <summary>Throws <see cref="IdentityException"/>.</summary>
    public static IReadOnlyList<TrustEntry> Read(string path) => Parse(OwnFile.Read(path, MaxBytes), path);

    /// <summary>Adds, under a lock that other commands respect. False: it is there already.</summary>
    public static bool Add(string path, TrustEntry entry) => Edit(path, list =>
    {
        if (list.Exists(e => e.Key.Id == entry.Key.Id && e.Kind == entry.Kind))
        {
            return false;
        }

        list.Add(entry);
        return true;
    });

    /// <summary>Removes what has this id, as agent and as machine. False: there is none.</summary>
    public static bool Remove(string path, string id) => Edit(path, list => list.RemoveAll(e => e.Key.Id == id) > 0);

    public static IReadOnlyList<TrustEntry> Parse(string text, string path)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("version", out var version) || !version.TryGetInt32(out var number) || number != 1)
            {
                throw Bad(path, "it is not a trust file of version 1");
            }

            var entries = new List<TrustEntry>();
            foreach (var property in root.EnumerateObject())
            {
                switch (property.Name)
                {
                    case "version":
                        break;
                    case "trusted" when property.Value.ValueKind == JsonValueKind.Array:
                        entries.AddRange(property.Value.EnumerateArray().Select((item, i) => Entry(item) ?? throw Bad(path, string.Create(CultureInfo.InvariantCulture, $"entry {i + 1} is not valid"))));
                        break;
                    default:
                        throw Bad(path, $"'{property.Name}' does not belong there");
                }
            }

            return entries;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new IdentityException(Bad(path, e.Message).Message, e);
        }
    }

    public static string Format(IEnumerable<TrustEntry> entries)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", 1);
            writer.WriteStartArray("trusted");
            foreach (var entry in entries)
            {
                writer.WriteStartObject();
                writer.WriteString("kind", ExecIdentity.Name(entry.Kind));
                writer.WriteString("id", entry.Key.Id);
                writer.WriteBase64String("public_key", entry.Key.PublicKey);
                writer.WriteString("description", entry.Description);
                writer.WriteString("added_at", entry.AddedAt);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static bool Edit(string path, Func<List<TrustEntry>, bool> change)
    {
        PrivateFile.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var held = Lock(path);
        var list = File.Exists(path) ? Read(path).ToList() : [];
        if (!change(list))
        {
            return false;
        }

        OwnFile.Replace(path, Format(list));
        return true;
    }

    private static FileStream Lock(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnFile.Mode;
        }

        try
        {
            return new(path + ".lock", options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IdentityException($"{path} can't be changed now ({e.Message}): another command changes it, or its directory can't be written.", e);
        }
    }

    private static TrustEntry? Entry(JsonElement item)
    {
        if (item.EnumerateObject().Count() != 5)
        {
            return null;
        }

        PeerKind? kind = item.GetProperty("kind").GetString() switch
        {
            "agent" => PeerKind.Agent,
            "machine" => PeerKind.Machine,
            _ => null,
        };
        var key = PeerKey.TryRead(item.GetProperty("public_key").GetBytesFromBase64());
        var description = item.GetProperty("description").GetString();
        return kind is { } known && key is not null && description is not null && item.GetProperty("id").GetString() == key.Id
            ? new(known, key, description, item.GetProperty("added_at").GetDateTimeOffset())
            : null;
    }

    private static IdentityException Bad(string path, string what) =>
        new($"{path} is not valid ({what}), so nobody in it is trusted. Put back a good copy, or remove it and add the keys again with 'devops-agent exec trust add'.");
}
