using System.Globalization;

namespace DevOpsAgent.EndToEnd;

/// <summary>Lines as Traefik writes them.</summary>
internal static class LogLine
{
    /// <summary>Names that only somebody who looks for secrets asks for.</summary>
    public static IReadOnlyList<string> Secrets { get; } =
    [
        "/.env", "/.env.local", "/.git/config", "/.aws/credentials", "/.ssh/id_rsa", "/.env.production", "/.git/HEAD", "/.env.backup",
        "/.npmrc", "/.htpasswd", "/.env.dev", "/.git/index", "/.env.old", "/.env.save", "/.env.staging", "/.env.bak",
    ];

    private static readonly string[] s_pages = ["/", "/products", "/cart", "/about", "/img/logo.png", "/api/items?page=2"];

    /// <summary>One request in Traefik's JSON form; <paramref name="peer"/> is the TCP peer where it is not the client.</summary>
    public static string Json(string client, string path, int status, DateTimeOffset at, string? peer = null, string agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0") =>
        $$"""{"ClientAddr":"{{Host(peer ?? client)}}:40112","ClientHost":"{{client}}","ClientPort":"40112","ClientUsername":"-","DownstreamContentSize":19,"DownstreamStatus":{{status}},"Duration":612345,"RequestHost":"shop.example.com","RequestMethod":"GET","RequestPath":"{{path}}","RequestProtocol":"HTTP/1.1","RequestScheme":"http","RouterName":"shop@file","StartUTC":"{{at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture)}}Z","entryPointName":"web","level":"info","msg":"","request_User-Agent":"{{agent}}","time":"{{at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)}}Z"}""";

    /// <summary>The same in the common log format, which has no peer and which any client can forge.</summary>
    public static string Clf(string client, string path, int status, DateTimeOffset at, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"""{client} - - [{at.UtcDateTime:dd/MMM/yyyy:HH:mm:ss} +0000] "GET {path} HTTP/1.1" {status} 19 "-" "curl/8.5.0" {count} "shop@file" "http://127.0.0.1:9001" 1ms""");

    /// <summary>Requests for secret files, distinct until all names are used, 20 ms apart.</summary>
    public static IEnumerable<string> Harvest(string client, int count, DateTimeOffset start, string? peer = null) =>
        Enumerable.Range(0, count).Select(i => Json(client, Secrets[i % Secrets.Count], 404, start + TimeSpan.FromMilliseconds(20 * i), peer));

    /// <summary>What ordinary visitors do.</summary>
    public static IEnumerable<string> Visits(string client, int count, DateTimeOffset start, string? peer = null) =>
        Enumerable.Range(0, count).Select(i => Json(client, s_pages[i % s_pages.Length], 200, start + TimeSpan.FromMilliseconds(20 * i), peer));

    private static string Host(string address) => address.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : address;
}
