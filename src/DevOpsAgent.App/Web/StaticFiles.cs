using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.App.Web;

/// <summary>
/// The page's files, embedded in the program: a request picks from a fixed list of names, so no path can lead out of it.
/// Each is read, hashed and compressed at its first use.
/// </summary>
internal sealed class StaticFiles
{
    private const string Prefix = "wwwroot/";
    private readonly FrozenDictionary<string, Lazy<Loaded>> _files;

    public StaticFiles()
    {
        var assembly = Assembly.GetExecutingAssembly();
        _files = assembly.GetManifestResourceNames()
            .Where(static n => n.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(static n => n[Prefix.Length..], n => new Lazy<Loaded>(() => Load(assembly, n)), StringComparer.Ordinal);
    }

    public IReadOnlyCollection<string> Names => _files.Keys;

    public async Task Serve(HttpContext context, string name)
    {
        if (!_files.TryGetValue(name, out var lazy))
        {
            throw ProblemException.NotFound("There is nothing at this address.", "The page is at /; /openapi.json describes the API.");
        }

        var file = lazy.Value;
        var response = context.Response;
        response.Headers.ETag = file.ETag;

        // Revalidated on each load: after an upgrade no old script meets a new API.
        response.Headers.CacheControl = "no-cache";
        response.Headers.Vary = "Accept-Encoding";
        if (context.Request.Headers.IfNoneMatch.Contains(file.ETag, StringComparer.Ordinal))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = file.Type;
        var bytes = file.Bytes;
        if (file.Gzip is { } gzip && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.OrdinalIgnoreCase))
        {
            response.Headers.ContentEncoding = "gzip";
            bytes = gzip;
        }

        response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    private static Loaded Load(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return new(bytes, packed.Length < bytes.Length ? packed.ToArray() : null, "\"" + Convert.ToHexStringLower(SHA256.HashData(bytes))[..16] + "\"", Type(resource));
    }

    private static string Type(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".json" => "application/json; charset=utf-8",
        _ => "application/octet-stream",
    };

    private sealed record Loaded(byte[] Bytes, byte[]? Gzip, string ETag, string Type);
}
