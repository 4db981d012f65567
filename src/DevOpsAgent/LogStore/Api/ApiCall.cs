using System.Text.Json;
using DevOpsAgent.Logs.Query;

namespace DevOpsAgent.LogStore.Api;

/// <summary>One request of Elasticsearch's REST API, free of any transport.</summary>
internal sealed class ApiCall
{
    private static readonly string[] Common = ["pretty", "human", "error_trace", "filter_path", "format"];

    private readonly Dictionary<string, string> _parameters = new(StringComparer.Ordinal);

    /// <param name="path">With the query string, as in the request line.</param>
    /// <param name="contentType">Null: none was sent.</param>
    public ApiCall(string method, string path, ReadOnlyMemory<byte> body = default, string? contentType = "application/json")
    {
        Method = method;
        Body = body;
        ContentType = contentType;
        var question = path.IndexOf('?', StringComparison.Ordinal);
        Path = question < 0 ? path : path[..question];
        Parts = [.. Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString)];
        foreach (var pair in question < 0 ? [] : path[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? pair : pair[..equals];
            _parameters[Uri.UnescapeDataString(name)] = equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..].Replace('+', ' '));
        }
    }

    public string Method { get; }

    public string Path { get; }

    public string[] Parts { get; }

    public ReadOnlyMemory<byte> Body { get; }

    public string? ContentType { get; }

    public IReadOnlyDictionary<string, string> Parameters => _parameters;

    public string? Text(string name) => _parameters.GetValueOrDefault(name);

    public bool Flag(string name, bool otherwise = false) => _parameters.TryGetValue(name, out var text) ? text.Length == 0 || DslJson.Flag(text) : otherwise;

    public int? Int(string name) => _parameters.TryGetValue(name, out var text) ? int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number
        : throw DslException.Argument($"Failed to parse int parameter [{name}] with value [{text}]") : null;

    /// <exception cref="DslException">A parameter that this endpoint doesn't have.</exception>
    public void Only(params string[] known)
    {
        var unknown = _parameters.Keys.Where(k => !known.Contains(k, StringComparer.Ordinal) && !Common.Contains(k, StringComparer.Ordinal)).ToList();
        if (unknown.Count > 0)
        {
            throw DslException.Argument($"request [{Path}] contains unrecognized parameter{(unknown.Count > 1 ? "s" : "")}: {string.Join(", ", unknown.Select(static u => $"[{u}]"))}");
        }
    }

    public JsonElement? Json() => Body.IsEmpty ? null : DslJson.Parse(Body);
}

/// <summary>The answer: JSON unless <see cref="ContentType"/> says otherwise.</summary>
internal sealed record ApiAnswer(int Status, byte[] Body, string ContentType = "application/json");
