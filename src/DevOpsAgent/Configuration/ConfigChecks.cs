using System.Net;

namespace DevOpsAgent.Configuration;

/// <summary>What only several keys together show: contradictions are problems, likely mistakes are warnings.</summary>
internal static class ConfigChecks
{
    public static void Run(AgentConfig config, IReadOnlyDictionary<string, ConfigOrigin> origins, List<ConfigProblem> problems, List<ConfigProblem> warnings)
    {
        var blocking = config.Blocking;
        if (blocking.MaxTtl < blocking.Ttl)
        {
            Problem(["blocking.max_ttl", "blocking.ttl"],
                $"'blocking.max_ttl' ({DurationText.Of(blocking.MaxTtl)}) is shorter than 'blocking.ttl' ({DurationText.Of(blocking.Ttl)}); raise the one or lower the other");
        }

        if (blocking.MaxBlocks < blocking.MaxNewBlocks)
        {
            Problem(["blocking.max_new_blocks", "blocking.max_blocks"],
                $"'blocking.max_new_blocks' ({blocking.MaxNewBlocks}) is more than 'blocking.max_blocks' ({blocking.MaxBlocks}); lower it");
        }

        if (blocking.EntryPoints.Count == 0)
        {
            Problem(["blocking.entry_points"], "'blocking.entry_points' is empty, so nothing would be denied; name Traefik's entry points, as [web, websecure]");
        }

        // Traefik would read the half-written temporary file as configuration.
        if (blocking is { Directory: { } directory, TempDirectory: { } temporary } && Path.GetFullPath(directory) == Path.GetFullPath(temporary))
        {
            Problem(["blocking.temp_directory"], "'blocking.temp_directory' is Traefik's watched directory itself; name one beside it, on the same file system");
        }

        if (blocking.Directory is not null && blocking.Kubernetes.Way != "off")
        {
            Problem(["blocking.kubernetes.way", "blocking.directory"], "'blocking.kubernetes.way' and 'blocking.directory' are both set; a block is written to one place, so remove one of them");
        }

        if (blocking.Kubernetes is { Way: "config_map", ConfigMap: null })
        {
            Problem(["blocking.kubernetes.way", "blocking.kubernetes.config_map"], "'blocking.kubernetes.way' is config_map, which needs 'blocking.kubernetes.config_map' too, as traefik/blocklist/ips.txt");
        }

        if (blocking.Kubernetes is { Way: "tcp_routes", TcpEntryPoints.Count: 0 })
        {
            Problem(["blocking.kubernetes.way", "blocking.kubernetes.tcp_entry_points"], "'blocking.kubernetes.way' is tcp_routes, which needs 'blocking.kubernetes.tcp_entry_points' too");
        }

        var llm = config.Llm;
        if (llm.ServiceType == "api_key" && (llm.Provider is null || llm.ApiKey is null))
        {
            Problem(["llm.service_type", "llm.provider", "llm.api_key"],
                $"'llm.service_type' is api_key, which needs '{(llm.Provider is null ? "llm.provider" : "llm.api_key")}' too");
        }

        // A key for a provider isn't sent to a URL.
        var (where, address) = llm.ServiceType == "api_key" ? ("llm.base_url", llm.BaseUrl) : ("llm.url", llm.Provider is null ? llm.Url : null);
        if (llm.ApiKey is not null && Uri.TryCreate(address, UriKind.Absolute, out var model) && model.Scheme == Uri.UriSchemeHttp && !model.IsLoopback)
        {
            Warn([where], $"'{where}' begins with http://: 'llm.api_key' and what is asked can be read by anybody on the way; use https://");
        }

        if (config.Web.AllowedHosts.Count == 0 && IPEndPoint.TryParse(config.Web.Listen, out var listen) && !IPAddress.IsLoopback(listen.Address))
        {
            Problem(["web.listen"], $"'web.listen' ({config.Web.Listen}) can be reached from outside and there is no login; name the host names that may be used in 'web.allowed_hosts', or listen on 127.0.0.1");
        }

        if (IPEndPoint.TryParse(config.Mcp.Listen ?? "127.0.0.1:0", out var tools) && !IPAddress.IsLoopback(tools.Address) && (config.Mcp.Token is null || config.Mcp.AllowedHosts.Count == 0))
        {
            Problem(["mcp.listen"], $"'mcp.listen' ({config.Mcp.Listen}) can be reached from other machines; set 'mcp.token' and name the host names that may be used in 'mcp.allowed_hosts', or listen on 127.0.0.1");
        }

        var mirror = config.Audit.Mirror;
        if (mirror.Postgres is not null && mirror.Url is not null)
        {
            Problem(["audit.mirror.url", "audit.mirror.postgres"], "'audit.mirror.url' and 'audit.mirror.postgres' are both set; the log has one mirror, so remove one of them");
        }

        if (mirror.Url is { IsLoopback: false } url && url.Scheme != Uri.UriSchemeHttps)
        {
            Problem(["audit.mirror.url"], "'audit.mirror.url' must begin with https://: the log names commands and people");
        }

        if (config.Exec is { AllowRemote: false, Listen: { } serve } && IPEndPoint.TryParse(serve, out var served) && !IPAddress.IsLoopback(served.Address))
        {
            Problem(["exec.listen"], $"'exec.listen' ({serve}) can be reached from other machines; set 'exec.allow_remote' to true if that is meant, or listen on 127.0.0.1");
        }

        if (config.Exec.MaxSkew > TimeSpan.FromMinutes(10))
        {
            Problem(["exec.max_skew"], $"'exec.max_skew' ({DurationText.Of(config.Exec.MaxSkew)}) is more than 10m; every frame of that time has to be remembered; repair the clocks instead");
        }

        if (config.Elasticsearch.IsConfigured() && config.Elasticsearch.Watch == "on" && config.Logs.Count > 0)
        {
            Warn(["elasticsearch.watch"], "'elasticsearch.watch' is on, and 'logs' names files: a request that stands in both counts twice; set it to auto or off if they are the same logs");
        }

        if ((config.Elasticsearch.Username is not null ? 1 : 0) + (config.Elasticsearch.ApiKey is not null ? 1 : 0) + (config.Elasticsearch.Token is not null ? 1 : 0) > 1)
        {
            Warn(["elasticsearch.api_key", "elasticsearch.token"], "'elasticsearch' has more than one kind of credentials; 'api_key' is used before 'token', and that before 'username'");
        }

        if (config.Mode == Mode.Auto && !blocking.HasTarget())
        {
            Warn(["mode"], "'mode' is auto, but neither 'blocking.directory' nor 'blocking.kubernetes.way' is set: nothing will be denied, only said");
        }

        if (config.Logs.FirstOrDefault(static l => l.TrustedProxies.Any(static p => p.PrefixLength == 0)) is { } open)
        {
            Warn(["logs"], $"'trusted_proxies' of {open.Path} holds every address there is: any client can then claim to be any other");
        }

        void Problem(string[] keys, string message)
        {
            // A key that could not be read stands at its default: comparing that would blame the wrong key.
            if (!keys.Any(k => problems.Exists(p => p.Message.StartsWith($"'{k}' ", StringComparison.Ordinal))))
            {
                problems.Add(Place(keys).Problem(message));
            }
        }

        void Warn(string[] keys, string message) => warnings.Add(Place(keys).Problem(message));
        ConfigOrigin Place(string[] keys) => keys.Select(k => origins.GetValueOrDefault(k)).FirstOrDefault(static o => o is not null) ?? new(ConfigReader.DefaultName, 0, 0);
    }
}
