using System.Text;
using System.Text.Json;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.LogStore.Disk;

namespace DevOpsAgent.Tests.LogStore;

/// <summary>The store with the documents that the recordings were made over.</summary>
internal sealed class RecordedStore : IDisposable
{
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);

    private readonly LogStoreDirectory? _directory;

    /// <param name="folder">On disk there; null: in memory.</param>
    /// <param name="exists">The documents are there already.</param>
    public RecordedStore(string? folder = null, bool exists = false)
    {
        _directory = folder is null ? null : new(folder, new(), TimeProvider.System);
        Catalog = _directory?.Catalog ?? new();
        Api = new(Catalog, TimeProvider.System);
        if (exists)
        {
            return;
        }

        Create("traefik-logs-raw-2026.11.21", "raw-mapping.json", "documents.ndjson.gz");
        Create("traefik-logs-ecs-2026.11.21", "ecs-mapping.json", "ecs-documents.ndjson.gz");
        Create("real-traefik-2026.11.21", null, "real-documents.ndjson.gz");
    }

    public IndexCatalog Catalog { get; }

    public IReadOnlyList<string> Problems => _directory?.Problems ?? [];

    public ElasticApi Api { get; }

    private void Create(string index, string? mapping, string documents)
    {
        var body = mapping is null ? "{}"u8.ToArray() : File.ReadAllBytes(Path.Combine(RecordedPair.Folder, mapping));
        Must(Api.Handle(new("PUT", $"/{index}", body)));
        var bulk = new StringBuilder();
        foreach (var line in RecordedPair.Lines(documents))
        {
            using var document = JsonDocument.Parse(line);
            bulk.Append("{\"index\":{\"_id\":").Append(document.RootElement.GetProperty("_id").GetRawText()).Append("}}\n").Append(document.RootElement.GetProperty("_source").GetRawText()).Append('\n');
        }

        var answer = Api.Handle(new("POST", $"/{index}/_bulk", Encoding.UTF8.GetBytes(bulk.ToString())));
        Must(answer);
        JsonDocument.Parse(answer.Body).RootElement.GetProperty("errors").GetBoolean().ShouldBeFalse(Encoding.UTF8.GetString(answer.Body.AsSpan(0, 500)));
    }

    private static void Must(ApiAnswer answer) => answer.Status.ShouldBe(200, Encoding.UTF8.GetString(answer.Body));

    public ApiAnswer Send(RecordedPair pair)
    {
        foreach (var setup in pair.Setup)
        {
            Api.Handle(new(setup.GetProperty("method").GetString()!, setup.GetProperty("path").GetString()!, RecordedPair.Body(setup),
                setup.TryGetProperty("content_type", out var type) ? type.GetString() : "application/json"));
        }

        var body = Encoding.UTF8.GetString(RecordedPair.Body(pair.Json));
        foreach (var (placeholder, id) in _ids)
        {
            body = body.Replace(placeholder, id, StringComparison.Ordinal);
        }

        var answer = Api.Handle(new(pair.Method, pair.Path, Encoding.UTF8.GetBytes(body), pair.ContentType ?? "application/json"));
        Remember(pair, answer);
        return answer;
    }

    private void Remember(RecordedPair pair, ApiAnswer answer)
    {
        if (!pair.Name.EndsWith("-open", StringComparison.Ordinal) || answer.Status != 200)
        {
            return;
        }

        using var json = JsonDocument.Parse(answer.Body);
        foreach (var (key, placeholder) in new[] { ("_scroll_id", "${SCROLL_ID}"), ("id", "${PIT_ID}"), ("pit_id", "${PIT_ID}") })
        {
            if (json.RootElement.TryGetProperty(key, out var id))
            {
                _ids[placeholder] = id.GetString()!;
            }
        }
    }

    public void Dispose()
    {
        if (_directory is not null)
        {
            _directory.Dispose();
        }
        else
        {
            Catalog.Dispose();
        }
    }
}
