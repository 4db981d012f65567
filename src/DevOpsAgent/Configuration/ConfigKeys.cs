using static DevOpsAgent.Configuration.KeyTypes;

namespace DevOpsAgent.Configuration;

/// <summary>
/// Every key that a configuration may have, in the order in which it is shown. Files, variables, flags, <c>config show</c>
/// and the suggestions for unknown keys all go by this table; tests hold it against AgentConfig and config/default.yaml.
/// </summary>
internal static class ConfigKeys
{
    public static KeyTable<LogConfig> Log { get; } = new(
    [
        new ConfigKey<LogConfig, string>("path", LogPath, static c => c.Path, static (c, v) => c with { Path = v }),
        new ConfigKey<LogConfig, bool>("read_rotated", Bool, static c => c.ReadRotated, static (c, v) => c with { ReadRotated = v }),
        new ConfigKey<LogConfig, bool>("from_start", Bool, static c => c.FromStart, static (c, v) => c with { FromStart = v }),
        new ConfigKey<LogConfig, bool>("trust_clf", Bool, static c => c.TrustClf, static (c, v) => c with { TrustClf = v }),
        new ConfigKey<LogConfig, IReadOnlyList<Addresses.AddressRange>>("trusted_proxies", List(AddressOrRange, "[10.0.0.0/8, 192.168.0.7]"),
            static c => c.TrustedProxies, static (c, v) => c with { TrustedProxies = v }),
    ]);

    public static KeyTable<PromotionRule> Promotion { get; } = new(
    [
        new ConfigKey<PromotionRule, string>("guard", Text, static c => c.Guard, static (c, v) => c with { Guard = v }),
        new ConfigKey<PromotionRule, string>("severity", Choice([.. PromotionRule.Severities]), static c => c.Severity, static (c, v) => c with { Severity = v }),
    ]);

    public static KeyTable<AgentConfig> All { get; } = new(
    [
        Key("mode", Choice<Mode>(), static c => c.Mode, static (c, v) => c with { Mode = v }),
        Key("logs", new LogsType(), static c => c.Logs, static (c, v) => c with { Logs = v }),

        Key("llm.service_type", Choice("url", "api_key"), static c => c.Llm.ServiceType, static (c, v) => c with { Llm = c.Llm with { ServiceType = v } }),
        Key("llm.url", Optional(HttpUrl), static c => c.Llm.Url, static (c, v) => c with { Llm = c.Llm with { Url = v } }),
        Key("llm.provider", Optional(Text), static c => c.Llm.Provider, static (c, v) => c with { Llm = c.Llm with { Provider = v } }),
        Key("llm.api_key", Optional(KeyTypes.Secret), static c => c.Llm.ApiKey, static (c, v) => c with { Llm = c.Llm with { ApiKey = v } }),
        Key("llm.base_url", Optional(HttpUrl), static c => c.Llm.BaseUrl, static (c, v) => c with { Llm = c.Llm with { BaseUrl = v } }),
        Key("llm.model", Optional(Text), static c => c.Llm.Model, static (c, v) => c with { Llm = c.Llm with { Model = v } }),
        Key("llm.temperature", Fraction(-1, 0, 2, "must be a number from 0 to 2"), static c => c.Llm.Temperature, static (c, v) => c with { Llm = c.Llm with { Temperature = v } }),
        Key("llm.timeout", Duration, static c => c.Llm.Timeout, static (c, v) => c with { Llm = c.Llm with { Timeout = v } }),
        Key("llm.max_output_tokens", Number(16, 1_000_000), static c => c.Llm.MaxOutputTokens, static (c, v) => c with { Llm = c.Llm with { MaxOutputTokens = v } }),
        Key("llm.context_window", Number(1024, 100_000_000), static c => c.Llm.ContextWindow, static (c, v) => c with { Llm = c.Llm with { ContextWindow = v } }),
        Key("llm.input_price", Fraction(-1, 0, 1_000_000, "must be a number from 0 to 1000000"), static c => c.Llm.InputPrice, static (c, v) => c with { Llm = c.Llm with { InputPrice = v } }),
        Key("llm.output_price", Fraction(-1, 0, 1_000_000, "must be a number from 0 to 1000000"), static c => c.Llm.OutputPrice, static (c, v) => c with { Llm = c.Llm with { OutputPrice = v } }),

        Key("elasticsearch.url", Optional(HttpUrl), static c => c.Elasticsearch.Url, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Url = v } }),
        Key("elasticsearch.hosts", List(HttpUrl, "['https://es-2:9200']"), static c => c.Elasticsearch.Hosts, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Hosts = v } }),
        Key("elasticsearch.username", Optional(Text), static c => c.Elasticsearch.Username, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Username = v } }),
        Key("elasticsearch.password", Optional(KeyTypes.Secret), static c => c.Elasticsearch.Password, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Password = v } }),
        Key("elasticsearch.api_key", Optional(KeyTypes.Secret), static c => c.Elasticsearch.ApiKey, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { ApiKey = v } }),
        Key("elasticsearch.token", Optional(KeyTypes.Secret), static c => c.Elasticsearch.Token, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Token = v } }),
        Key("elasticsearch.ca_file", Optional(Text), static c => c.Elasticsearch.CaFile, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { CaFile = v } }),
        Key("elasticsearch.index_pattern", Text, static c => c.Elasticsearch.IndexPattern, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { IndexPattern = v } }),
        Key("elasticsearch.fields", List(Text, "[path=log.RequestPath]"), static c => c.Elasticsearch.Fields, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Fields = v } }),
        Key("elasticsearch.watch", Choice("auto", "on", "off"), static c => c.Elasticsearch.Watch, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Watch = v } }),
        Key("elasticsearch.ingest_lag", Duration, static c => c.Elasticsearch.IngestLag, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { IngestLag = v } }),
        Key("elasticsearch.interval", Duration, static c => c.Elasticsearch.Interval, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Interval = v } }),
        Key("elasticsearch.start", Duration, static c => c.Elasticsearch.Start, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { Start = v } }),
        Key("elasticsearch.trusted_proxies", List(AddressOrRange, "[10.0.0.0/8]"), static c => c.Elasticsearch.TrustedProxies, static (c, v) => c with { Elasticsearch = c.Elasticsearch with { TrustedProxies = v } }),

        Key("kubernetes.context", Optional(Text), static c => c.Kubernetes.Context, static (c, v) => c with { Kubernetes = c.Kubernetes with { Context = v } }),
        Key("kubernetes.kubeconfig", Optional(Text), static c => c.Kubernetes.Kubeconfig, static (c, v) => c with { Kubernetes = c.Kubernetes with { Kubeconfig = v } }),
        Key("kubernetes.in_cluster", Bool, static c => c.Kubernetes.InCluster, static (c, v) => c with { Kubernetes = c.Kubernetes with { InCluster = v } }),
        Key("kubernetes.namespace", Optional(Text), static c => c.Kubernetes.Namespace, static (c, v) => c with { Kubernetes = c.Kubernetes with { Namespace = v } }),
        Key("kubernetes.impersonate", Optional(Text), static c => c.Kubernetes.Impersonate, static (c, v) => c with { Kubernetes = c.Kubernetes with { Impersonate = v } }),

        Key("database.path", Text, static c => c.Database.Path, static (c, v) => c with { Database = c.Database with { Path = v } }),
        Key("database.retention", Duration, static c => c.Database.Retention, static (c, v) => c with { Database = c.Database with { Retention = v } }),

        .. AgentKeys.All,

        Key("detection.rules", List(Text, "[/etc/devops-agent/rules]"), static c => c.Detection.Rules, static (c, v) => c with { Detection = c.Detection with { Rules = v } }),
        Key("detection.disabled_rules", List(Text, "[directory-scan]"), static c => c.Detection.DisabledRules, static (c, v) => c with { Detection = c.Detection with { DisabledRules = v } }),
        Key("detection.max_clients", Number(1, 10_000_000), static c => c.Detection.MaxClients, static (c, v) => c with { Detection = c.Detection with { MaxClients = v } }),
        Key("detection.max_memory", Size(1 << 20), static c => c.Detection.MaxMemory, static (c, v) => c with { Detection = c.Detection with { MaxMemory = v } }),

        Key("blocking.directory", Optional(Text), static c => c.Blocking.Directory, static (c, v) => c with { Blocking = c.Blocking with { Directory = v } }),
        Key("blocking.file_name", YamlFileName, static c => c.Blocking.FileName, static (c, v) => c with { Blocking = c.Blocking with { FileName = v } }),
        Key("blocking.temp_directory", Optional(Text), static c => c.Blocking.TempDirectory, static (c, v) => c with { Blocking = c.Blocking with { TempDirectory = v } }),
        Key("blocking.entry_points", List(EntryPoint, "[web, websecure]"), static c => c.Blocking.EntryPoints, static (c, v) => c with { Blocking = c.Blocking with { EntryPoints = v } }),
        Key("blocking.traefik_api", Optional(HttpUri), static c => c.Blocking.TraefikApi, static (c, v) => c with { Blocking = c.Blocking with { TraefikApi = v } }),
        Key("blocking.ttl", Duration, static c => c.Blocking.Ttl, static (c, v) => c with { Blocking = c.Blocking with { Ttl = v } }),
        Key("blocking.max_ttl", Duration, static c => c.Blocking.MaxTtl, static (c, v) => c with { Blocking = c.Blocking with { MaxTtl = v } }),
        Key("blocking.offence_window", Duration, static c => c.Blocking.OffenceWindow, static (c, v) => c with { Blocking = c.Blocking with { OffenceWindow = v } }),
        Key("blocking.max_new_blocks", Number(1, 1_000_000), static c => c.Blocking.MaxNewBlocks, static (c, v) => c with { Blocking = c.Blocking with { MaxNewBlocks = v } }),
        Key("blocking.interval", Duration, static c => c.Blocking.Interval, static (c, v) => c with { Blocking = c.Blocking with { Interval = v } }),
        Key("blocking.max_blocks", Number(1, 1_000_000), static c => c.Blocking.MaxBlocks, static (c, v) => c with { Blocking = c.Blocking with { MaxBlocks = v } }),
        Key("blocking.min_prefix_ipv4", Number(8, 32), static c => c.Blocking.MinPrefixIpv4, static (c, v) => c with { Blocking = c.Blocking with { MinPrefixIpv4 = v } }),
        Key("blocking.min_prefix_ipv6", Number(16, 128), static c => c.Blocking.MinPrefixIpv6, static (c, v) => c with { Blocking = c.Blocking with { MinPrefixIpv6 = v } }),
        Key("blocking.aggregate_share", Fraction(0, 0, 1, "must be a number above 0, at most 1"), static c => c.Blocking.AggregateShare, static (c, v) => c with { Blocking = c.Blocking with { AggregateShare = v } }),
        Key("blocking.allow_private", List(AddressOrRange, "[192.168.7.0/24]"), static c => c.Blocking.AllowPrivate, static (c, v) => c with { Blocking = c.Blocking with { AllowPrivate = v } }),
        Key("blocking.own", List(AddressOrRange, "[203.0.113.10]"), static c => c.Blocking.Own, static (c, v) => c with { Blocking = c.Blocking with { Own = v } }),
        Key("blocking.kubernetes.way", Choice("off", "auto", "routes", "tcp_routes", "config_map", "network_policy"), static c => c.Blocking.Kubernetes.Way, static (c, v) => c with { Blocking = c.Blocking with { Kubernetes = c.Blocking.Kubernetes with { Way = v } } }),
        Key("blocking.kubernetes.namespace", Optional(ObjectName), static c => c.Blocking.Kubernetes.Namespace, static (c, v) => c with { Blocking = c.Blocking with { Kubernetes = c.Blocking.Kubernetes with { Namespace = v } } }),
        Key("blocking.kubernetes.name", ObjectName, static c => c.Blocking.Kubernetes.Name, static (c, v) => c with { Blocking = c.Blocking with { Kubernetes = c.Blocking.Kubernetes with { Name = v } } }),
        Key("blocking.kubernetes.entry_points", List(EntryPoint, "[web, websecure]"), static c => c.Blocking.Kubernetes.EntryPoints, static (c, v) => c with { Blocking = c.Blocking with { Kubernetes = c.Blocking.Kubernetes with { EntryPoints = v } } }),
        Key("blocking.kubernetes.tcp_entry_points", List(EntryPoint, "[mqtt]"), static c => c.Blocking.Kubernetes.TcpEntryPoints, static (c, v) => c with { Blocking = c.Blocking with { Kubernetes = c.Blocking.Kubernetes with { TcpEntryPoints = v } } }),
        Key("blocking.kubernetes.config_map", Optional(ConfigMapKey), static c => c.Blocking.Kubernetes.ConfigMap, static (c, v) => c with { Blocking = c.Blocking with { Kubernetes = c.Blocking.Kubernetes with { ConfigMap = v } } }),
        Key("blocking.kubernetes.pod_labels", Optional(PodLabels), static c => c.Blocking.Kubernetes.PodLabels, static (c, v) => c with { Blocking = c.Blocking with { Kubernetes = c.Blocking.Kubernetes with { PodLabels = v } } }),
        Key("blocking.kubernetes.max_ranges", Number(1, 1_000_000), static c => c.Blocking.Kubernetes.MaxRanges, static (c, v) => c with { Blocking = c.Blocking with { Kubernetes = c.Blocking.Kubernetes with { MaxRanges = v } } }),

        Key("behaviour.enabled", Bool, static c => c.Behaviour.Enabled, static (c, v) => c with { Behaviour = c.Behaviour with { Enabled = v } }),
        Key("behaviour.ema_alpha", Fraction(0, 0.01, 1, "must be a number from 0.01 to 1"), static c => c.Behaviour.EmaAlpha, static (c, v) => c with { Behaviour = c.Behaviour with { EmaAlpha = v } }),
        Key("behaviour.sigma_threshold", Fraction(0, 0.5, 100, "must be a number from 0.5 to 100"), static c => c.Behaviour.SigmaThreshold, static (c, v) => c with { Behaviour = c.Behaviour with { SigmaThreshold = v } }),
        Key("behaviour.window_secs", Number(1, 86_400), static c => c.Behaviour.WindowSecs, static (c, v) => c with { Behaviour = c.Behaviour with { WindowSecs = v } }),
        Key("behaviour.baseline_min_windows", Number(1, 1000), static c => c.Behaviour.BaselineMinWindows, static (c, v) => c with { Behaviour = c.Behaviour with { BaselineMinWindows = v } }),
        Key("behaviour.relearn_windows", Number(1, 100_000), static c => c.Behaviour.RelearnWindows, static (c, v) => c with { Behaviour = c.Behaviour with { RelearnWindows = v } }),
        Key("behaviour.signal_windows", Number(1, 60), static c => c.Behaviour.SignalWindows, static (c, v) => c with { Behaviour = c.Behaviour with { SignalWindows = v } }),
        Key("behaviour.max_idle_windows", Number(1, 1_000_000), static c => c.Behaviour.MaxIdleWindows, static (c, v) => c with { Behaviour = c.Behaviour with { MaxIdleWindows = v } }),
        Key("behaviour.max_agents", Number(1, 100_000), static c => c.Behaviour.MaxAgents, static (c, v) => c with { Behaviour = c.Behaviour with { MaxAgents = v } }),
        Key("behaviour.deny_rate_floor", Fraction(0, 0, 0.5, "must be a number above 0, at most 0.5"), static c => c.Behaviour.DenyRateFloor, static (c, v) => c with { Behaviour = c.Behaviour with { DenyRateFloor = v } }),
        Key("behaviour.entropy_floor", Fraction(0, 0, 8, "must be a number above 0, at most 8"), static c => c.Behaviour.EntropyFloor, static (c, v) => c with { Behaviour = c.Behaviour with { EntropyFloor = v } }),
        Key("behaviour.max_growth", Fraction(1, 1, 1000, "must be a number above 1, at most 1000"), static c => c.Behaviour.MaxGrowth, static (c, v) => c with { Behaviour = c.Behaviour with { MaxGrowth = v } }),
        Key("behaviour.max_call_rate", Number(1, 100_000_000), static c => c.Behaviour.MaxCallRate, static (c, v) => c with { Behaviour = c.Behaviour with { MaxCallRate = v } }),
        Key("behaviour.max_deny_rate", Fraction(0, 0, 1, "must be a number above 0, at most 1"), static c => c.Behaviour.MaxDenyRate, static (c, v) => c with { Behaviour = c.Behaviour with { MaxDenyRate = v } }),
        Key("behaviour.max_unique_tools", Number(1, 64), static c => c.Behaviour.MaxUniqueTools, static (c, v) => c with { Behaviour = c.Behaviour with { MaxUniqueTools = v } }),
        Key("behaviour.max_parameter_entropy", Fraction(0, 0, 8, "must be a number above 0, at most 8"), static c => c.Behaviour.MaxParameterEntropy, static (c, v) => c with { Behaviour = c.Behaviour with { MaxParameterEntropy = v } }),

        Key("guards.time_limit", Duration, static c => c.Guards.TimeLimit, static (c, v) => c with { Guards = c.Guards with { TimeLimit = v } }),
        Key("guards.rate.calls", Number(1, 1_000_000), static c => c.Guards.Rate.Calls, static (c, v) => c with { Guards = c.Guards with { Rate = c.Guards.Rate with { Calls = v } } }),
        Key("guards.rate.per", Duration, static c => c.Guards.Rate.Per, static (c, v) => c with { Guards = c.Guards with { Rate = c.Guards.Rate with { Per = v } } }),
        Key("guards.promote", new PromoteType(), static c => c.Guards.Promote, static (c, v) => c with { Guards = c.Guards with { Promote = v } }),
        Key("guards.keys", Optional(Text), static c => c.Guards.Keys, static (c, v) => c with { Guards = c.Guards with { Keys = v } }),

        Key("web.serve", Bool, static c => c.Web.Serve, static (c, v) => c with { Web = c.Web with { Serve = v } }),
        Key("web.listen", Listen, static c => c.Web.Listen, static (c, v) => c with { Web = c.Web with { Listen = v } }),
        Key("web.allowed_hosts", List(HostName, "[agent.example.org]"), static c => c.Web.AllowedHosts, static (c, v) => c with { Web = c.Web with { AllowedHosts = v } }),

        Key("mcp.listen", Optional(Listen), static c => c.Mcp.Listen, static (c, v) => c with { Mcp = c.Mcp with { Listen = v } }),
        Key("mcp.token", Optional(KeyTypes.Secret), static c => c.Mcp.Token, static (c, v) => c with { Mcp = c.Mcp with { Token = v } }),
        Key("mcp.allowed_hosts", List(HostName, "[agent.example.org]"), static c => c.Mcp.AllowedHosts, static (c, v) => c with { Mcp = c.Mcp with { AllowedHosts = v } }),
        Key("mcp.allow_writes", List(Text, "[block_client]"), static c => c.Mcp.AllowWrites, static (c, v) => c with { Mcp = c.Mcp with { AllowWrites = v } }),

        Key("audit.directory", Text, static c => c.Audit.Directory, static (c, v) => c with { Audit = c.Audit with { Directory = v } }),
        Key("audit.segment_size", Size(1 << 16), static c => c.Audit.SegmentSize, static (c, v) => c with { Audit = c.Audit with { SegmentSize = v } }),
        Key("audit.segment_age", Duration, static c => c.Audit.SegmentAge, static (c, v) => c with { Audit = c.Audit with { SegmentAge = v } }),
        Key("audit.checkpoint_lines", Number(1, 1_000_000), static c => c.Audit.CheckpointLines, static (c, v) => c with { Audit = c.Audit with { CheckpointLines = v } }),
        Key("audit.keep_segments", Number(1, 1_000_000), static c => c.Audit.KeepSegments, static (c, v) => c with { Audit = c.Audit with { KeepSegments = v } }),
        Key("audit.keep_size", Size(1 << 16), static c => c.Audit.KeepSize, static (c, v) => c with { Audit = c.Audit with { KeepSize = v } }),
        Key("audit.keep_for", Duration, static c => c.Audit.KeepFor, static (c, v) => c with { Audit = c.Audit with { KeepFor = v } }),
        Key("audit.denial_interval", Duration, static c => c.Audit.DenialInterval, static (c, v) => c with { Audit = c.Audit with { DenialInterval = v } }),
        Key("audit.redact_flags", List(Flag, "[--licence, -p]"), static c => c.Audit.RedactFlags, static (c, v) => c with { Audit = c.Audit with { RedactFlags = v } }),
        Key("audit.redact_patterns", List(Pattern, "['PIN [0-9]{4}']"), static c => c.Audit.RedactPatterns, static (c, v) => c with { Audit = c.Audit with { RedactPatterns = v } }),
        Key("audit.mirror.postgres", Optional(KeyTypes.Secret), static c => c.Audit.Mirror.Postgres, static (c, v) => c with { Audit = c.Audit with { Mirror = c.Audit.Mirror with { Postgres = v } } }),
        Key("audit.mirror.url", Optional(HttpUri), static c => c.Audit.Mirror.Url, static (c, v) => c with { Audit = c.Audit with { Mirror = c.Audit.Mirror with { Url = v } } }),
        Key("audit.mirror.token", Optional(KeyTypes.Secret), static c => c.Audit.Mirror.Token, static (c, v) => c with { Audit = c.Audit with { Mirror = c.Audit.Mirror with { Token = v } } }),
        Key("audit.mirror.stream", Optional(Text), static c => c.Audit.Mirror.Stream, static (c, v) => c with { Audit = c.Audit with { Mirror = c.Audit.Mirror with { Stream = v } } }),
        Key("audit.mirror.live", Bool, static c => c.Audit.Mirror.Live, static (c, v) => c with { Audit = c.Audit with { Mirror = c.Audit.Mirror with { Live = v } } }),

        Key("exec.acl", Optional(Text), static c => c.Exec.Acl, static (c, v) => c with { Exec = c.Exec with { Acl = v } }),
        Key("exec.socket", Text, static c => c.Exec.Socket, static (c, v) => c with { Exec = c.Exec with { Socket = v } }),
        Key("exec.socket_mode", Choice("0600", "0660"), static c => c.Exec.SocketMode, static (c, v) => c with { Exec = c.Exec with { SocketMode = v } }),
        Key("exec.allowed_uids", List(Number(0, int.MaxValue), "[1000]"), static c => c.Exec.AllowedUids, static (c, v) => c with { Exec = c.Exec with { AllowedUids = v } }),
        Key("exec.allowed_gids", List(Number(0, int.MaxValue), "[1000]"), static c => c.Exec.AllowedGids, static (c, v) => c with { Exec = c.Exec with { AllowedGids = v } }),
        Key("exec.listen", Optional(Listen), static c => c.Exec.Listen, static (c, v) => c with { Exec = c.Exec with { Listen = v } }),
        Key("exec.allow_remote", Bool, static c => c.Exec.AllowRemote, static (c, v) => c with { Exec = c.Exec with { AllowRemote = v } }),
        Key("exec.keys", Text, static c => c.Exec.Keys, static (c, v) => c with { Exec = c.Exec with { Keys = v } }),
        Key("exec.trust", Text, static c => c.Exec.Trust, static (c, v) => c with { Exec = c.Exec with { Trust = v } }),
        Key("exec.receipts", Optional(Text), static c => c.Exec.Receipts, static (c, v) => c with { Exec = c.Exec with { Receipts = v } }),
        Key("exec.lease", Duration, static c => c.Exec.Lease, static (c, v) => c with { Exec = c.Exec with { Lease = v } }),
        Key("exec.max_skew", Duration, static c => c.Exec.MaxSkew, static (c, v) => c with { Exec = c.Exec with { MaxSkew = v } }),
        Key("exec.max_connections", Number(1, 10_000), static c => c.Exec.MaxConnections, static (c, v) => c with { Exec = c.Exec with { MaxConnections = v } }),
        Key("exec.allow_root", Bool, static c => c.Exec.AllowRoot, static (c, v) => c with { Exec = c.Exec with { AllowRoot = v } }),

        Key("runtime_guard.policy", Optional(Text), static c => c.RuntimeGuard.Policy, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Policy = v } }),
        Key("runtime_guard.mode", Optional(Choice("audit", "alert", "enforce")), static c => c.RuntimeGuard.Mode, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Mode = v } }),
        Key("runtime_guard.backend", Choice("auto", "lsm", "tracepoint", "proc", "process"), static c => c.RuntimeGuard.Backend, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Backend = v } }),
        Key("runtime_guard.interval", Duration, static c => c.RuntimeGuard.Interval, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Interval = v } }),
        Key("runtime_guard.socket", Text, static c => c.RuntimeGuard.Socket, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Socket = v } }),
        Key("runtime_guard.allowed_uids", List(Number(0, int.MaxValue), "[1000]"), static c => c.RuntimeGuard.AllowedUids, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { AllowedUids = v } }),
        Key("runtime_guard.directory", Text, static c => c.RuntimeGuard.Directory, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Directory = v } }),
        Key("runtime_guard.pins", Text, static c => c.RuntimeGuard.Pins, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Pins = v } }),
        Key("runtime_guard.listen", Optional(Listen), static c => c.RuntimeGuard.Listen, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Listen = v } }),
        Key("runtime_guard.token", Optional(KeyTypes.Secret), static c => c.RuntimeGuard.Token, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Token = v } }),
        Key("runtime_guard.follow", Bool, static c => c.RuntimeGuard.Follow, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Follow = v } }),
        Key("runtime_guard.alerts.keep", Size(1 << 16), static c => c.RuntimeGuard.Alerts.Keep, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Keep = v } } }),
        Key("runtime_guard.alerts.syslog", SyslogAddress, static c => c.RuntimeGuard.Alerts.Syslog, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Syslog = v } } }),
        Key("runtime_guard.alerts.dashboard.url", Optional(HttpUri), static c => c.RuntimeGuard.Alerts.Dashboard.Url, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Dashboard = c.RuntimeGuard.Alerts.Dashboard with { Url = v } } } }),
        Key("runtime_guard.alerts.dashboard.secret", Optional(KeyTypes.Secret), static c => c.RuntimeGuard.Alerts.Dashboard.Secret, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Dashboard = c.RuntimeGuard.Alerts.Dashboard with { Secret = v } } } }),
        Key("runtime_guard.alerts.architect.url", Optional(HttpUri), static c => c.RuntimeGuard.Alerts.Architect.Url, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Architect = c.RuntimeGuard.Alerts.Architect with { Url = v } } } }),
        Key("runtime_guard.alerts.architect.secret", Optional(KeyTypes.Secret), static c => c.RuntimeGuard.Alerts.Architect.Secret, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Architect = c.RuntimeGuard.Alerts.Architect with { Secret = v } } } }),
        Key("runtime_guard.alerts.mail.server", Optional(MailServer), static c => c.RuntimeGuard.Alerts.Mail.Server, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Mail = c.RuntimeGuard.Alerts.Mail with { Server = v } } } }),
        Key("runtime_guard.alerts.mail.tls", Bool, static c => c.RuntimeGuard.Alerts.Mail.Tls, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Mail = c.RuntimeGuard.Alerts.Mail with { Tls = v } } } }),
        Key("runtime_guard.alerts.mail.user", Optional(Text), static c => c.RuntimeGuard.Alerts.Mail.User, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Mail = c.RuntimeGuard.Alerts.Mail with { User = v } } } }),
        Key("runtime_guard.alerts.mail.password", Optional(KeyTypes.Secret), static c => c.RuntimeGuard.Alerts.Mail.Password, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Mail = c.RuntimeGuard.Alerts.Mail with { Password = v } } } }),
        Key("runtime_guard.alerts.mail.from", Optional(MailAddress), static c => c.RuntimeGuard.Alerts.Mail.From, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Mail = c.RuntimeGuard.Alerts.Mail with { From = v } } } }),
        Key("runtime_guard.alerts.mail.to", List(MailAddress, "[oncall@example.org]"), static c => c.RuntimeGuard.Alerts.Mail.To, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Mail = c.RuntimeGuard.Alerts.Mail with { To = v } } } }),
        Key("runtime_guard.alerts.mail.every", Duration, static c => c.RuntimeGuard.Alerts.Mail.Every, static (c, v) => c with { RuntimeGuard = c.RuntimeGuard with { Alerts = c.RuntimeGuard.Alerts with { Mail = c.RuntimeGuard.Alerts.Mail with { Every = v } } } }),
    ]);

    private static ConfigKey<AgentConfig, T> Key<T>(string path, KeyType<T> type, Func<AgentConfig, T> get, Func<AgentConfig, T, AgentConfig> set) =>
        new(path, type, get, set);
}
