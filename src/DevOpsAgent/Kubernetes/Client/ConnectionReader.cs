using System.Net;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>
/// Finds the cluster: the kubeconfig of the configuration, else KUBECONFIG's list, else the pod's own service account, else
/// ~/.kube/config. `in_cluster: true` leaves only the pod's.
/// </summary>
internal static class ConnectionReader
{
    /// <exception cref="KubernetesException">There is none, or it can't be used: what, where, and what to do.</exception>
    public static ClusterConnection Read(KubernetesConfig config, ClusterEnvironment environment, TimeProvider time) => AsUser(Find(config, environment, time), config);

    private static ClusterConnection Find(KubernetesConfig config, ClusterEnvironment environment, TimeProvider time)
    {
        if (config.InCluster)
        {
            return environment.IsPod ? OfPod(environment, time)
                : throw Bad($"kubernetes.in_cluster is true, but this is no pod with a service account (KUBERNETES_SERVICE_HOST or {environment.TokenFile} is missing). Give kubernetes.kubeconfig instead, or mount the token.");
        }

        if (config.Kubeconfig is { } named)
        {
            return OfKubeconfig(Kubeconfig.Read([named]) ?? throw Bad($"kubernetes.kubeconfig: {named} doesn't exist."), config.Context, time);
        }

        if (environment.KubeconfigList is { Length: > 0 } list)
        {
            return OfKubeconfig(Kubeconfig.Read(list.Split(':')) ?? throw Bad($"KUBECONFIG is {list}, and none of these files exists."), config.Context, time);
        }

        if (environment.IsPod && config.Context is null)
        {
            return OfPod(environment, time);
        }

        var home = Path.Combine(environment.Home, ".kube", "config");
        return Kubeconfig.Read([home]) is { } found ? OfKubeconfig(found, config.Context, time)
            : throw Bad($"No cluster is configured: this is no pod, KUBECONFIG isn't set, and {home} doesn't exist. Set kubernetes.kubeconfig.");
    }

    private static ClusterConnection AsUser(ClusterConnection connection, KubernetesConfig config)
    {
        connection = config.Namespace is { } ns ? connection with { Namespace = ns } : connection;
        return config.Impersonate is { } user ? connection with { Impersonation = [new("Impersonate-User", user)] } : connection;
    }

    private static ClusterConnection OfPod(ClusterEnvironment environment, TimeProvider time)
    {
        var host = IPAddress.TryParse(environment.ServiceHost, out var address) && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{environment.ServiceHost}]" : environment.ServiceHost;
        var server = Address($"https://{host}:{environment.ServicePort}") ?? throw Bad($"KUBERNETES_SERVICE_HOST and _PORT give no address: {environment.ServiceHost}:{environment.ServicePort}.");
        var ns = Path.Combine(environment.ServiceAccountFolder, "namespace");
        return new()
        {
            Description = $"this pod's cluster ({Shown(server)})",
            Server = server,
            Authority = new(Path.Combine(environment.ServiceAccountFolder, "ca.crt"), null),
            Namespace = File.Exists(ns) && File.ReadAllText(ns).Trim() is { Length: > 0 } found ? found : "default",
            Credentials = new UserCredentials(time) { TokenFile = environment.TokenFile },
        };
    }

    private static ClusterConnection OfKubeconfig(Kubeconfig kubeconfig, string? wanted, TimeProvider time)
    {
        var files = string.Join(", ", kubeconfig.Files);
        if (!kubeconfig.ContextNames.Any())
        {
            throw Bad($"{files}: there are no contexts in it; is this a kubeconfig?");
        }

        var name = wanted ?? kubeconfig.CurrentContext ?? throw Bad($"{files}: no current-context; set kubernetes.context to one of: {string.Join(", ", kubeconfig.ContextNames)}.");
        var context = kubeconfig.Context(name) ?? throw Bad($"{files}: there is no context '{name}'{Near(name, kubeconfig)}.");
        var clusterName = context.Text("cluster") ?? throw Bad($"{context.File}: context '{name}' names no cluster.");
        var cluster = kubeconfig.Cluster(clusterName) ?? throw Bad($"{context.File}: context '{name}' names cluster '{clusterName}', which none of the files has: {files}.");
        var userName = context.Text("user");
        var user = userName is null ? null : kubeconfig.User(userName) ?? throw Bad($"{context.File}: context '{name}' names user '{userName}', which none of the files has: {files}.");
        var server = Address(cluster.Text("server") ?? throw Bad($"{cluster.File}: cluster '{clusterName}' has no server.")) ?? throw cluster.Wrong("server", "'server' must be an address as https://127.0.0.1:6443");
        var insecure = cluster.Flag("insecure-skip-tls-verify");
        var authority = cluster.Pem("certificate-authority");
        return insecure && authority is not null
            ? throw cluster.Wrong("insecure-skip-tls-verify", "insecure-skip-tls-verify and a certificate-authority exclude each other; delete one of them")
            : new()
            {
                Description = $"context {name} ({Shown(server)})",
                Server = server,
                Authority = authority,
                Insecure = insecure,
                TlsServerName = cluster.Text("tls-server-name"),
                Proxy = ProxyOf(cluster),
                Namespace = context.Text("namespace") ?? "default",
                Credentials = CredentialsOf(user, new(server, authority, insecure, cluster.Text("tls-server-name")), time),
                Impersonation = ImpersonationOf(user),
            };
    }

    private static IClusterCredentials CredentialsOf(KubeconfigEntry? user, PluginCluster cluster, TimeProvider time)
    {
        if (user is null)
        {
            return new UserCredentials(time);
        }

        if (user.Map("auth-provider") is { } old)
        {
            throw user.Wrong("auth-provider", $"auth-provider '{old.Text("name")}' is no longer part of Kubernetes; use an exec plugin");
        }

        var certificate = user.Pem("client-certificate");
        var key = user.Pem("client-key");
        if ((certificate is null) != (key is null))
        {
            throw user.Wrong(certificate is null ? "client-key" : "client-certificate", "client-certificate and client-key belong together; one of them is missing");
        }

        return user.Map("exec") is { } exec ? new PluginCredentials(PluginCommand.Of(exec, cluster), time) : new UserCredentials(time)
        {
            Token = user.Text("token"),
            TokenFile = user.FilePath("tokenFile"),
            Basic = user.Text("username") is { } name ? (name, user.Text("password") ?? "") : null,
            Certificate = certificate is not null && key is not null ? (certificate, key) : null,
        };
    }

    private static List<KeyValuePair<string, string>> ImpersonationOf(KubeconfigEntry? user)
    {
        var headers = new List<KeyValuePair<string, string>>();
        if (user?.Text("as") is not { } name)
        {
            return headers;
        }

        headers.Add(new("Impersonate-User", name));
        headers.AddRange(user.Texts("as-groups").Select(static g => new KeyValuePair<string, string>("Impersonate-Group", g)));
        if (user.Text("as-uid") is { } uid)
        {
            headers.Add(new("Impersonate-Uid", uid));
        }

        if (user.Map("as-user-extra") is { } extra)
        {
            headers.AddRange(extra.Keys.SelectMany(key => extra.Texts(key).Select(value => new KeyValuePair<string, string>("Impersonate-Extra-" + Uri.EscapeDataString(key), value))));
        }

        return headers;
    }

    private static Uri? ProxyOf(KubeconfigEntry cluster) => cluster.Text("proxy-url") is not { } text ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5" ? proxy
        : throw cluster.Wrong("proxy-url", "'proxy-url' must begin with http://, https:// or socks5://");

    private static Uri? Address(string text) => Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var server) && server.Scheme is "http" or "https" && server.Host.Length > 0 ? server : null;

    // Without user and password: the address is shown in errors.
    private static string Shown(Uri server) => server.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped).TrimEnd('/');

    private static string Near(string name, Kubeconfig kubeconfig) =>
        NearestName.Of(name, kubeconfig.ContextNames) is { } near ? $"; did you mean '{near}'?" : $"; there are: {string.Join(", ", kubeconfig.ContextNames)}";

    private static KubernetesException Bad(string message) => new(KubernetesFault.Configuration, message);
}
