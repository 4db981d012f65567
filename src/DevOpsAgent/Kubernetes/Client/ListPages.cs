using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>Lists by pages, so that neither side holds more than one of them as text.</summary>
internal sealed class ListPages(Rest rest, int pageSize = 500)
{
    /// <summary>A list whose pages expire again and again is larger than what the server keeps: it will not get better.</summary>
    private const int MostRestarts = 5;

    public async Task<ObjectList> ReadAsync(ResourceType type, string? ns, Selection selection, CancellationToken cancellationToken)
    {
        var words = "list " + ResourcePath.Words(type, ns, null);
        var items = new List<JsonObject>();
        string? next = null;
        var (limit, restarts) = (pageSize, 0);
        while (true)
        {
            var call = new RestCall(HttpMethod.Get, ResourcePath.Of(type, ns, null, ("labelSelector", selection.Labels), ("fieldSelector", selection.Fields),
                ("limit", limit.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("continue", next)), words);
            RestAnswer answer;
            try
            {
                answer = await rest.AskAsync(call, cancellationToken);
            }
            catch (KubernetesException e) when (e.InnerException is AnswerTooLong && limit > 1)
            {
                limit = Math.Max(1, limit / 8); // objects near the limit of etcd; a token goes on with any page size
                continue;
            }

            if (answer.Status == 410 && next is not null && restarts++ < MostRestarts)
            {
                // Compacted between two pages. The token in the answer would go on with a list that fits no moment: begin anew.
                items.Clear();
                next = null;
                continue;
            }

            if (!answer.IsSuccess)
            {
                throw rest.Refusals.Of(call, answer);
            }

            var (version, more) = Add(call, answer, type, items);
            if (more.Length == 0)
            {
                return new(items, version);
            }

            next = more;
        }
    }

    /// <summary>The list's resourceVersion and continue token.</summary>
    private (string Version, string Continue) Add(RestCall call, RestAnswer answer, ResourceType type, List<JsonObject> items)
    {
        try
        {
            var page = JsonElement.Parse(answer.Body, JsonBytes.Strict);
            var metadata = page.GetProperty("metadata");
            if (page.TryGetProperty("items", out var list) && list.ValueKind != JsonValueKind.Null)
            {
                var buffer = new System.Buffers.ArrayBufferWriter<byte>(4096);
                foreach (var item in list.EnumerateArray())
                {
                    items.Add(ListedObject.Of(item, type, buffer));
                }
            }

            return (Text(metadata, "resourceVersion"), Text(metadata, "continue"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw rest.Refusals.Garbage(call, answer);
        }
    }

    private static string Text(JsonElement metadata, string name) => metadata.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
