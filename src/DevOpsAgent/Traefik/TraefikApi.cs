using System.Net;
using System.Text.Json;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Traefik;

/// <summary>
/// Asks a Traefik's own API whether it runs our routers. Traefik takes the first change at once and the next only two
/// seconds later, so it is asked again for a few seconds; the rule's text tells a new router from the one before.
/// </summary>
internal sealed class TraefikApi : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);
    private readonly HttpClient _client;
    private readonly Uri _root;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _time;

    /// <param name="root">As "http://127.0.0.1:8080"; a path is kept, "/api/http/routers/..." is added.</param>
    /// <exception cref="ConfigException">Not an http or https address.</exception>
    /// <param name="limit">How long to ask again; the default outlasts Traefik's throttle of 2 s.</param>
    public TraefikApi(Uri root, TimeProvider time, TimeSpan? limit = null)
    {
        if (!root.IsAbsoluteUri || root.Scheme is not ("http" or "https"))
        {
            throw new ConfigException([new("blocking", 0, 0, $"blocking.traefik_api '{root}' must begin with http:// or https://, as http://127.0.0.1:8080.")]);
        }

        // Without user and password: the address is shown in errors.
        _root = new Uri($"{root.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/')}/api/http/routers/");
        _time = time;
        _limit = limit ?? TimeSpan.FromSeconds(4);
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = RequestTimeout,
        })
        {
            Timeout = RequestTimeout,
            MaxResponseContentBufferSize = 16 << 20,
        };
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Waits until all routers run with these rules, one is refused, or the time is up. Never throws for a fault of the API.</summary>
    public Task<ApiAnswer> ConfirmAsync(IReadOnlyList<ExpectedRouter> routers, IReadOnlyList<string> entryPoints, CancellationToken cancellationToken) =>
        WaitAsync(() => AskAllAsync(routers, entryPoints, cancellationToken), cancellationToken);

    /// <summary>The same for routers whose names in Traefik only begin as expected (it adds a hash, and may put the entry point before), by one question for all.</summary>
    /// <param name="search">A part that all their names have.</param>
    /// <param name="provider">"kubernetescrd".</param>
    public Task<ApiAnswer> ConfirmListedAsync(string search, string provider, IReadOnlyList<ExpectedRouter> routers, CancellationToken cancellationToken) =>
        WaitAsync(() => AskListAsync(search, provider, routers, cancellationToken), cancellationToken);

    private async Task<ApiAnswer> WaitAsync(Func<Task<ApiAnswer>> ask, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var answer = await ask();
            if (answer.State != ApiState.Waiting)
            {
                return answer;
            }

            // Nobody there is no reason to hold up the next write as long as a Traefik that is still reading.
            if (_time.GetElapsedTime(start) >= (answer.Unreachable ? _limit / 4 : _limit))
            {
                return answer with { State = ApiState.Unknown };
            }

            await Task.Delay(Between, _time, cancellationToken);
        }
    }

    private async Task<ApiAnswer> AskAllAsync(IReadOnlyList<ExpectedRouter> routers, IReadOnlyList<string> entryPoints, CancellationToken cancellationToken)
    {
        var notes = new List<string>();
        foreach (var router in routers)
        {
            var answer = await AskAsync(router, router.Name, cancellationToken);
            if (answer.Missing)
            {
                // With http.tls or middlewares on an entry point Traefik splits the router: "websecure-devops-agent-deny@file".
                answer = await AskSplitAsync(router, entryPoints, cancellationToken);
            }

            if (answer.State != ApiState.Enabled)
            {
                return answer;
            }

            if (answer.Detail.Length > 0)
            {
                notes.Add(answer.Detail);
            }
        }

        return new(ApiState.Enabled, string.Join("; ", notes.Distinct(StringComparer.Ordinal)));
    }

    private async Task<ApiAnswer> AskSplitAsync(ExpectedRouter router, IReadOnlyList<string> entryPoints, CancellationToken cancellationToken)
    {
        ApiAnswer? found = null;
        foreach (var entryPoint in entryPoints)
        {
            var answer = await AskAsync(router, $"{entryPoint}-{router.Name}", cancellationToken);
            if (answer.Missing)
            {
                continue;
            }

            found = answer;
            if (answer.State != ApiState.Enabled)
            {
                break;
            }
        }

        return found ?? new(ApiState.Waiting, $"Traefik at {_root.GetLeftPart(UriPartial.Authority)} does not list the router {router.Name}@file: does it watch this directory?");
    }

    private async Task<ApiAnswer> AskListAsync(string search, string provider, IReadOnlyList<ExpectedRouter> routers, CancellationToken cancellationToken)
    {
        var list = new Uri($"{_root.AbsoluteUri.TrimEnd('/')}?per_page=1000&search={Uri.EscapeDataString(search)}");
        return await GetAsync(list, json =>
        {
            var found = json.ValueKind == JsonValueKind.Array ? json.EnumerateArray().Where(r => r.ValueKind == JsonValueKind.Object && Text(r, "name")?.EndsWith("@" + provider, StringComparison.Ordinal) == true).ToArray() : [];
            var notes = new List<string>();
            foreach (var router in routers)
            {
                // The plain router's name is how its twin's begins; what follows is a hash, without a dash.
                var answers = found.Where(r => Text(r, "name")![..^(provider.Length + 1)] is var name && name.LastIndexOf('-') is var dash && name[..(dash + 1)].EndsWith(router.Name, StringComparison.Ordinal))
                    .Select(r => Read(router, Text(r, "name")!, r)).ToArray();
                var answer = answers.FirstOrDefault(static a => a.State == ApiState.Refused) ?? answers.FirstOrDefault(static a => a.State == ApiState.Enabled) ?? answers.FirstOrDefault()
                    ?? new(ApiState.Waiting, $"Traefik at {_root.GetLeftPart(UriPartial.Authority)} does not list the router {router.Name}...@{provider}: does it watch this namespace?");
                if (answer.State != ApiState.Enabled)
                {
                    return answer;
                }

                notes.Add(answer.Detail);
            }

            return new(ApiState.Enabled, string.Join("; ", notes.Where(static n => n.Length > 0).Distinct(StringComparer.Ordinal)));
        }, cancellationToken);
    }

    private Task<ApiAnswer> AskAsync(ExpectedRouter router, string name, CancellationToken cancellationToken) =>
        GetAsync(new Uri(_root, Uri.EscapeDataString(name + "@file")), json => Read(router, name + "@file", json), cancellationToken);

    private async Task<ApiAnswer> GetAsync(Uri address, Func<JsonElement, ApiAnswer> read, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _client.GetAsync(address, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return new(ApiState.Waiting, $"Traefik's API at {_root} answered 404") { Missing = true };
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                return new(ApiState.Waiting, $"Traefik's API at {_root} answered {(int)response.StatusCode}");
            }

            using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
            return read(json.RootElement);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(ApiState.Waiting, $"Traefik's API at {_root} did not answer within {RequestTimeout.TotalSeconds} s") { Unreachable = true };
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or InvalidOperationException or IOException)
        {
            return new(ApiState.Waiting, $"Traefik's API at {_root} is not usable: {e.Message}") { Unreachable = true };
        }
    }

    // {"entryPoints":["web"],"middlewares":["devops-agent-deny@file"],"service":"noop@internal","rule":"ClientIP(`203.0.113.7`)","priority":2147482647,"status":"enabled","using":["web"],"name":"devops-agent-deny@file","provider":"file"}
    private static ApiAnswer Read(ExpectedRouter router, string name, JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object || Text(json, "rule") != router.Rule)
        {
            return new(ApiState.Waiting, $"Traefik still runs an earlier rule of {name}");
        }

        var errors = json.TryGetProperty("error", out var list) && list.ValueKind == JsonValueKind.Array
            ? string.Join("; ", list.EnumerateArray().Select(static e => e.ToString()))
            : "";
        return Text(json, "status") switch
        {
            "enabled" => new(ApiState.Enabled, ""),
            "warning" => new(ApiState.Enabled, $"Traefik warns: {errors}"),
            "disabled" => new(ApiState.Refused, $"Traefik refused the router {name}: {errors}"),
            var other => new(ApiState.Waiting, $"Traefik shows {name} with the status '{other}'"),
        };
    }

    private static string? Text(JsonElement json, string key) =>
        json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

internal enum ApiState
{
    /// <summary>Every router runs with the rule asked for.</summary>
    Enabled,

    /// <summary>Traefik has read the file and dropped a router.</summary>
    Refused,

    /// <summary>No answer, or not yet the new rule.</summary>
    Waiting,

    /// <summary>Still no answer when the time was up; the detail is the last reason.</summary>
    Unknown,
}

internal sealed record ApiAnswer(ApiState State, string Detail)
{
    /// <summary>Traefik answered that it has no router of this name.</summary>
    public bool Missing { get; init; }

    /// <summary>Nobody answered, or not as Traefik does.</summary>
    public bool Unreachable { get; init; }
}
