using System.Net.Http.Headers;
using System.Text;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Logs.Elasticsearch;

/// <summary>Where Elasticsearch is, as whom to ask, and with how much patience.</summary>
internal sealed record ElasticOptions
{
    public required IReadOnlyList<Uri> Nodes { get; init; }

    /// <summary>The Authorization header; null: none.</summary>
    public AuthenticationHeaderValue? Authorization { get; init; }

    /// <summary>PEM file of the authorities that sign the nodes' certificates; null: those of the system.</summary>
    public string? CaFile { get; init; }

    /// <summary>One try, to the last byte of its answer.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries of one request, over all nodes.</summary>
    public int Tries { get; init; } = 4;

    /// <summary>The first pause; each next is twice as long up to <see cref="LongestPause"/>, less up to a half by chance.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A node that did not answer is left alone so long; doubled for each further failure, up to thirty times.</summary>
    public TimeSpan DeadFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>So many requests that failed one after the other open the breaker.</summary>
    public int BreakAfter { get; init; } = 3;

    /// <summary>With the breaker open nothing is sent for so long; then one request is tried.</summary>
    public TimeSpan BreakFor { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest answer, after unpacking: a page of events is at most a few MiB.</summary>
    public int MaxAnswer { get; init; } = 32 << 20;

    /// <exception cref="ElasticException">No URL is configured, or one can't be read.</exception>
    public static ElasticOptions Of(ElasticsearchConfig config)
    {
        var urls = new[] { config.Url }.Concat(config.Hosts).Where(static u => !string.IsNullOrEmpty(u)).Distinct(StringComparer.Ordinal).ToList();
        if (urls.Count == 0)
        {
            throw new ElasticException(ElasticFault.Configuration, "No Elasticsearch is configured: set elasticsearch.url, for example https://es.example.org:9200.");
        }

        var nodes = urls.Select(static u => Uri.TryCreate(u, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri! : throw new ElasticException(ElasticFault.Configuration, "elasticsearch.url is not a URL that begins with http:// or https://.")).ToList();
        return new() { Nodes = [.. nodes.Select(Bare)], Authorization = Authorize(config, nodes), CaFile = config.CaFile };
    }

    private static Uri Bare(Uri uri) => new UriBuilder(uri) { UserName = "", Password = "", Query = "", Fragment = "", Path = uri.AbsolutePath.TrimEnd('/') + "/" }.Uri;

    private static AuthenticationHeaderValue? Authorize(ElasticsearchConfig config, List<Uri> nodes)
    {
        if (config.ApiKey is { } key)
        {
            // Elasticsearch shows a key as id and secret, and as both in base64: either may be written.
            return new("ApiKey", key.Reveal.Contains(':', StringComparison.Ordinal) ? Convert.ToBase64String(Encoding.UTF8.GetBytes(key.Reveal)) : key.Reveal);
        }

        if (config.Token is { } token)
        {
            return new("Bearer", token.Reveal);
        }

        if (config.Username is { } name)
        {
            return Basic(name, config.Password?.Reveal ?? "");
        }

        // https://ada:secret@es:9200
        return nodes.Select(static n => n.UserInfo).FirstOrDefault(static u => u.Length > 0) is { } user && user.Split(':', 2) is var parts
            ? Basic(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "") : null;
    }

    private static AuthenticationHeaderValue Basic(string name, string password) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));
}
