using System.Text.Json.Serialization;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>A kubeconfig's exec plugin: a program of the user's that prints a credential, as "aws eks get-token" or "kubelogin".</summary>
/// <param name="Command">A name for PATH, or a path; relative ones begin at the kubeconfig's folder.</param>
/// <param name="ApiVersion">client.authentication.k8s.io/v1 or /v1beta1: what it must answer with.</param>
/// <param name="Input">KUBERNETES_EXEC_INFO.</param>
internal sealed record PluginCommand(string Command, IReadOnlyList<string> Arguments, IReadOnlyList<string> Environment, string ApiVersion, string? InstallHint, PluginCredential Input)
{
    private const string Group = "client.authentication.k8s.io/";

    /// <exception cref="KubernetesException">A key is missing or asks for what can't be given.</exception>
    public static PluginCommand Of(KubeconfigEntry exec, PluginCluster cluster)
    {
        var command = exec.Text("command") ?? throw exec.Wrong("command", "an exec plugin needs a 'command'");
        var version = exec.Text("apiVersion") ?? throw exec.Wrong("apiVersion", "an exec plugin needs an 'apiVersion'");
        if (version is not (Group + "v1" or Group + "v1beta1"))
        {
            throw exec.Wrong("apiVersion", $"apiVersion '{version}' is not known; use {Group}v1");
        }

        if (exec.Text("interactiveMode") == "Always")
        {
            throw exec.Wrong("interactiveMode", $"plugin {command} wants a terminal (interactiveMode: Always), and the agent has none; use a plugin that works without");
        }

        return new(
            command.Contains('/', StringComparison.Ordinal) ? exec.FilePath("command")! : command,
            exec.Texts("args"),
            [.. exec.Items("env").Select(static e => $"{e.Text("name")}={e.Text("value")}")],
            version,
            exec.Text("installHint"),
            new() { ApiVersion = version, Spec = new() { Cluster = exec.Flag("provideClusterInfo") ? cluster.ToInput() : null } });
    }

    /// <summary>Where the program is; null: PATH has none of that name. The current directory is never searched.</summary>
    public string? Find(string? path) => Command.Contains('/', StringComparison.Ordinal)
        ? (File.Exists(Command) ? Command : null)
        : (path ?? "").Split(':').Where(static folder => Path.IsPathRooted(folder)).Select(folder => Path.Combine(folder, Command)).FirstOrDefault(File.Exists);
}

/// <summary>What a plugin may be told about the cluster (provideClusterInfo).</summary>
internal sealed record PluginCluster(Uri Server, PemSource? Authority, bool Insecure, string? TlsServerName)
{
    public PluginClusterInput ToInput() => new()
    {
        Server = Server.AbsoluteUri.TrimEnd('/'),
        Authority = Authority is null ? null : System.Text.Encoding.UTF8.GetBytes(Authority.Read()),
        Insecure = Insecure,
        TlsServerName = TlsServerName,
    };
}

/// <summary>ExecCredential: spec goes in, status comes out.</summary>
internal sealed record PluginCredential
{
    public string? ApiVersion { get; init; }
    public string? Kind { get; init; } = "ExecCredential";
    public PluginSpec? Spec { get; init; }
    public PluginStatus? Status { get; init; }
}

internal sealed record PluginSpec
{
    public bool Interactive { get; init; }
    public PluginClusterInput? Cluster { get; init; }
}

internal sealed record PluginClusterInput
{
    public required string Server { get; init; }

    [JsonPropertyName("certificate-authority-data")]
    public byte[]? Authority { get; init; }

    [JsonPropertyName("insecure-skip-tls-verify")]
    public bool Insecure { get; init; }

    [JsonPropertyName("tls-server-name")]
    public string? TlsServerName { get; init; }
}

internal sealed record PluginStatus
{
    public DateTimeOffset? ExpirationTimestamp { get; init; }
    public string? Token { get; init; }
    public string? ClientCertificateData { get; init; }
    public string? ClientKeyData { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PluginCredential))]
internal sealed partial class PluginJson : JsonSerializerContext;
