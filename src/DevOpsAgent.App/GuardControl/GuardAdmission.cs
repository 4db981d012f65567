using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.App.Cli;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Configuration;
using DevOpsAgent.Guards;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.App.GuardControl;

/// <summary>Who may ask the guard: on its socket by user, as the kernel notes it; over HTTP by token.</summary>
internal sealed class GuardAdmission(IReadOnlyList<int> allowedUids, Secret? token)
{
    private const int LeastToken = 16;
    private const string Scheme = "Bearer ";

    /// <summary>Null: no HTTP. Throws <see cref="CommandException"/> for an address that is not loopback, or without a token that can't be guessed.</summary>
    public static IPEndPoint? EndpointOf(RuntimeGuardConfig config)
    {
        if (config.Listen is null)
        {
            return null;
        }

        var endpoint = IPEndPoint.Parse(config.Listen.StartsWith("localhost:", StringComparison.OrdinalIgnoreCase) ? "127.0.0.1" + config.Listen["localhost".Length..] : config.Listen);
        if (!IPAddress.IsLoopback(endpoint.Address))
        {
            throw CommandException.Usage($"runtime_guard.listen must be a loopback address, not {config.Listen}.", "Other machines reach the guard through a proxy of yours, with TLS and a login.");
        }

        if (config.Token is not { Reveal.Length: >= LeastToken })
        {
            throw CommandException.Usage(string.Create(CultureInfo.InvariantCulture, $"runtime_guard.listen needs runtime_guard.token with at least {LeastToken} characters: every user of this machine can reach the port."), "Make one: openssl rand -hex 32");
        }

        return endpoint;
    }

    /// <summary>Null: it may go on; else a status and the reason.</summary>
    public (int Status, string Text)? Refusal(HttpContext context) =>
        context.Features.Get<PeerCredentials>() is { } peer ? OfUser(context, peer.Uid) : OfHttp(context);

    public static Caller CallerOf(HttpContext context) => context.Features.Get<PeerCredentials>() is { } peer
        ? Caller.Person(string.Create(CultureInfo.InvariantCulture, $"uid {peer.Uid}"), "guard socket")
        : Caller.Person("token", "guard http");

    private (int Status, string Text)? OfUser(HttpContext context, uint uid)
    {
        // Attack: another user of this machine reads what is guarded and how, or switches the guard to audit before he acts.
        var reads = HttpMethods.IsGet(context.Request.Method);
        return uid == 0 || uid == UnixProcess.UserId || (reads && allowedUids.Contains((int)uid)) ? null
            : (403, reads ? "this user may not ask; runtime_guard.allowed_uids names those who may" : "only root and the guard's own user may change the mode");
    }

    private (int Status, string Text)? OfHttp(HttpContext context)
    {
        // Attack: a page in a browser of this machine asks a name that its owner has since pointed to 127.0.0.1 (DNS rebinding). It
        // has no token, but what it is told must not depend on that alone; and no page has any business here: there is no CORS.
        var host = context.Request.Host;
        if (host.Host is not ("127.0.0.1" or "localhost" or "[::1]") || host.Port != context.Connection.LocalPort)
        {
            return (421, "ask by the loopback address and port on which the guard listens");
        }

        if (context.Request.Headers.Origin.Count > 0 || context.Request.Headers.ContainsKey("Sec-Fetch-Site"))
        {
            return (403, "no browser is served here");
        }

        var shown = context.Request.Headers.Authorization is [{ } value] && value.StartsWith(Scheme, StringComparison.Ordinal) ? value[Scheme.Length..] : "";

        // Of equal length whatever was sent, and compared in constant time: how long it takes tells nothing about the token.
        return token is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(shown)), SHA256.HashData(Encoding.UTF8.GetBytes(token.Reveal)))
            ? null
            : (401, "show runtime_guard.token: Authorization: Bearer TOKEN");
    }
}
