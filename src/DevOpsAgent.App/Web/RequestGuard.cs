using System.Net;
using DevOpsAgent.Configuration;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.App.Web;

/// <summary>
/// There is no login, so whoever can make the operator's browser send a request could act as the operator. Each check
/// below stops one way of doing that.
/// </summary>
internal sealed class RequestGuard(WebConfig config, int port, WriteBudget budget)
{
    /// <summary>Any write must carry it with the value 1.</summary>
    public const string WriteHeader = "X-Devops-Agent";

    private const string Csp =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

    private readonly HashSet<string> _hosts = Hosts(config, port);

    public static void SetHeaders(HttpResponse response)
    {
        var headers = response.Headers;

        // Attack: a log line that becomes markup after all. Nothing inline runs, nothing leaves for another origin.
        headers.ContentSecurityPolicy = Csp;
        headers.XContentTypeOptions = "nosniff";

        // Attack: the page framed under a decoy button (also frame-ancestors above).
        headers.XFrameOptions = "DENY";

        // Attack: an address under investigation told to another site in Referer.
        headers["Referrer-Policy"] = "no-referrer";

        // Attack: another origin embeds an answer or holds a window handle to the page, and reads by timing or size.
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";

        // Attack: incidents left in a shared cache or on the disk of a borrowed machine.
        headers.CacheControl = "no-store";
    }

    public void Check(HttpRequest request)
    {
        // Attack: DNS rebinding. A hostile site's name is re-pointed to 127.0.0.1, so the browser takes us for that site's
        // own server and lets its script read answers. Its requests carry its name in Host.
        var host = request.Host.Value ?? "";
        if (!_hosts.Contains(host))
        {
            throw ProblemException.Of(421, "wrong-host", "Not served under this name", "The Host header names no address of this server.", "Open the page by its loopback address, or add the name to web.allowed_hosts.", "Host");
        }

        // Attack: another site's page times or probes reads. A person's own navigation to the page stays possible.
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var foreign = site is not ("" or "same-origin" or "none");
        if (foreign && (request.Headers["Sec-Fetch-Mode"] != "navigate" || IsWrite(request)))
        {
            throw CrossSite();
        }

        if (!IsWrite(request))
        {
            return;
        }

        // Attack: cross-site request forgery: a form or script of another site posts with the operator's browser. Origin is
        // set by the browser and can't be forged there; "null" comes from sandboxed frames.
        // Only host and port are compared: a proxy with a login in front of us may speak https.
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !(Uri.TryCreate(origin, UriKind.Absolute, out var from) && string.Equals(from.Authority, host, StringComparison.OrdinalIgnoreCase)))
        {
            throw CrossSite();
        }

        // Attack: the same from an old browser without those headers: a form can't set this one, and a script of another
        // origin would need our consent by CORS, which is never given.
        if (request.Headers[WriteHeader] != "1")
        {
            throw ProblemException.Of(403, "missing-header", "Writes need a header", $"The header {WriteHeader}: 1 is missing.", $"Send {WriteHeader}: 1 with each write.", WriteHeader);
        }

        // Attack: a runaway script, or a page that got hold of the API, empties the block list faster than a person can see.
        if (!budget.TryTake())
        {
            throw ProblemException.Of(429, "too-many-writes", "Too many writes", "More writes came than a person makes.", "Wait a second; for many incidents at once use POST /api/incidents/bulk.");
        }
    }

    private static bool IsWrite(HttpRequest request) => !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);

    private static ProblemException CrossSite() =>
        ProblemException.Of(403, "cross-site", "Refused: the request comes from another site", "The browser says that another origin made this request.", "Act in the page of the agent itself.", "Origin");

    private static HashSet<string> Hosts(WebConfig config, int port)
    {
        var hosts = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var name in (string[])["localhost", "127.0.0.1", "[::1]", .. config.AllowedHosts])
        {
            hosts.Add($"{name}:{port}");
            if (port == 80 || config.AllowedHosts.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                hosts.Add(name);
            }
        }

        return hosts;
    }
}
