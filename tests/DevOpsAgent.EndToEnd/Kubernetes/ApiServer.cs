using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>
/// A real kube-apiserver (1.20) and etcd on loopback, RBAC on, with Traefik's CRDs (group traefik.io), a namespace "traefik", and the
/// agent's own service account with the rights of deploy/kubernetes/rbac.yaml. No controllers run: Deployments make no pods, and a
/// deleted namespace stays Terminating. Tests get skipped where the two programs are missing.
/// </summary>
public sealed class ApiServer : IAsyncLifetime
{
    public const string Agent = "system:serviceaccount:traefik:devops-agent";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("devops-agent-kube-").FullName;
    private readonly int[] _ports = FreePorts(3);
    private string? _missing;
    private ServerCertificates? _certificates;
    private ServerProcess? _etcd;
    private ServerProcess? _server;
    private HttpClient? _admin;

    public Uri Url => new(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{_ports[2]}"));

    /// <summary>The authority's certificate, a PEM file.</summary>
    public string Authority => Certificates.Authority;

    /// <summary>Kubeconfig of the agent's service account, context "test".</summary>
    public string Kubeconfig => Path.Combine(_folder, "agent.kubeconfig");

    /// <summary>Kubeconfig of system:masters (a client certificate), context "admin".</summary>
    public string AdminKubeconfig => Path.Combine(_folder, "admin.kubeconfig");

    /// <summary>A folder for what a test writes beside.</summary>
    public string Folder => _folder;

    internal ServerCertificates Certificates => _certificates ?? throw new InvalidOperationException("Call Needed() first.");

    /// <summary>REST as system:masters. Nothing of the program under test is in it.</summary>
    internal HttpClient Admin => _admin ?? throw new InvalidOperationException("Call Needed() first.");

    private static string CaseFolder => Path.Combine(AppContext.BaseDirectory, "Cases", "kubernetes");

    public async ValueTask InitializeAsync()
    {
        if (Programs() is not var (server, etcd))
        {
            return;
        }

        _certificates = new(_folder);
        var (certificate, key) = _certificates.Client("admin", "O=system:masters, CN=admin");
        _etcd = await ServerProcess.StartAsync(Path.Combine(_folder, "etcd.log"), etcd,
            "--data-dir", Path.Combine(_folder, "etcd"), "--listen-client-urls", Loopback(0), "--advertise-client-urls", Loopback(0),
            "--listen-peer-urls", Loopback(1), "--initial-advertise-peer-urls", Loopback(1), "--initial-cluster", $"default={Loopback(1)}", "--unsafe-no-fsync");
        _admin = AdminClient(certificate, key);
        await StartServerAsync(server);
        await File.WriteAllTextAsync(AdminKubeconfig, KubeconfigText("admin", $"client-certificate: {certificate}, client-key: {key}"));
        await CreateAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: traefik}");
        await CreateAsync(await File.ReadAllTextAsync(Path.Combine(CaseFolder, "rbac.yaml")));
        await InstallAsync("traefik.io");
        await CreateAsync(await File.ReadAllTextAsync(Path.Combine(CaseFolder, "endpointslices-v1-standin.yml")));
        await File.WriteAllTextAsync(Kubeconfig, KubeconfigText("test", $"token: {await TokenAsync("traefik", "devops-agent")}"));
    }

    /// <summary>Skips the test where there is no server.</summary>
    public void Needed() => Assert.SkipWhen(_missing is not null, _missing ?? "");

    /// <summary>The program's client, as the agent's service account or as the user of another kubeconfig.</summary>
    internal KubernetesApi Connect(string? kubeconfig = null, Patience? patience = null) =>
        new(ConnectionReader.Read(new() { Kubeconfig = kubeconfig ?? Kubeconfig }, new(), TimeProvider.System), TimeProvider.System, patience);

    /// <summary>Kills it (SIGKILL). etcd stays.</summary>
    public async Task KillServerAsync()
    {
        await _server!.DisposeAsync();
        _server = null;
    }

    /// <summary>Starts it again on the same port, and waits until it is ready.</summary>
    public Task StartServerAsync() => StartServerAsync(Programs()!.Value.Server);

    /// <summary>etcd answers nothing any more: the API server's calls hang.</summary>
    public Task StopEtcdAsync() => _etcd!.StallAsync();

    public void ContinueEtcd() => _etcd!.Signal(ServerProcess.SigContinue);

    /// <summary>Creates Traefik's CRDs of one API group, "traefik.io" or "traefik.containo.us", and waits until they are served.</summary>
    public async Task InstallAsync(string group)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(CaseFolder, "traefik-v3.7.yml"));
        await CreateAsync(group == "traefik.io" ? text : text.Replace("traefik.io\n", group + "\n", StringComparison.Ordinal));
        await Eventually.True(() => IsServed(group), $"{group} is served", () => _server!.Log, Limit);
    }

    /// <summary>Deletes the CRDs of a group and everything of these kinds.</summary>
    public async Task RemoveAsync(string group)
    {
        const string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        async Task<List<string>> LeftAsync() => [.. (await ListAsync(definitions)).Select(static d => (string)d["metadata"]!["name"]!).Where(n => n.EndsWith("." + group, StringComparison.Ordinal))];
        foreach (var name in await LeftAsync())
        {
            await SendAsync(HttpMethod.Delete, $"{definitions}/{name}");
        }

        await Eventually.Some(async () => (await LeftAsync()).Count == 0 && !IsServed(group) ? group : null, $"{group} is served no more", limit: Limit);
    }

    /// <summary>Creates every object of a YAML text with several documents; what is there already stays as it is.</summary>
    public async Task CreateAsync(string yaml)
    {
        foreach (var document in Regex.Split(yaml, "^---.*$", RegexOptions.Multiline | RegexOptions.NonBacktracking).Where(static d => Regex.IsMatch(d, "^kind:", RegexOptions.Multiline | RegexOptions.NonBacktracking)))
        {
            using var content = new StringContent(document, Encoding.UTF8, "application/yaml");
            using var answer = await Admin.PostAsync(new Uri(Url, ObjectPath.OfCollection(document)), content);
            if (!answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.Conflict)
            {
                Assert.Fail($"{answer.StatusCode} {await answer.Content.ReadAsStringAsync()}\n{document}");
            }
        }
    }

    /// <summary>A call as administrator. The answer, whatever its status.</summary>
    public async Task<JsonObject> SendAsync(HttpMethod method, string path, JsonNode? body = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, new Uri(Url, path));
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, contentType);
        }

        using var answer = await Admin.SendAsync(request);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync()) as JsonObject ?? [];
    }

    public async Task<IReadOnlyList<JsonObject>> ListAsync(string path) => [.. ((JsonArray)(await SendAsync(HttpMethod.Get, path))["items"]!).Select(static i => (JsonObject)i!)];

    /// <summary>A token of a service account, from the API server.</summary>
    public async Task<string> TokenAsync(string ns, string account, int seconds = 86_400)
    {
        var answer = await SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{ns}/serviceaccounts/{account}/token",
            new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject { ["expirationSeconds"] = seconds } });
        return (string?)answer["status"]?["token"] ?? throw new InvalidOperationException(answer.ToJsonString());
    }

    /// <summary>REST with a token. Nothing of the program under test is in it.</summary>
    internal HttpClient ClientOf(string token)
    {
        var client = Client(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>The agent's token as it was, but ended a minute ago.</summary>
    public async Task<string> ExpiredTokenAsync()
    {
        var parts = (await TokenAsync("traefik", "devops-agent")).Split('.');
        var claims = (JsonObject)JsonNode.Parse(Base64Url.DecodeFromChars(parts[1]))!;
        claims["exp"] = TimeProvider.System.GetUtcNow().AddMinutes(-1).ToUnixTimeSeconds();
        var signed = $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{signed}.{Base64Url.EncodeToString(Certificates.ServiceAccounts.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    /// <summary>A kubeconfig with one context, whose user is given in YAML's flow form: "token: abc".</summary>
    public string KubeconfigText(string context, string user) => $$"""
        apiVersion: v1
        kind: Config
        current-context: {{context}}
        clusters:
        - {name: {{context}}, cluster: {server: "{{Url.AbsoluteUri.TrimEnd('/')}}", certificate-authority: "{{Authority}}" } }
        users:
        - {name: {{context}}, user: { {{user}} } }
        contexts:
        - {name: {{context}}, context: {cluster: {{context}}, user: {{context}}, namespace: traefik} }

        """;

    public async ValueTask DisposeAsync()
    {
        _admin?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }

        _certificates?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartServerAsync(string program)
    {
        string File(string name) => Path.Combine(_folder, name);
        _server = await ServerProcess.StartAsync(File("apiserver.log"), program,
            $"--etcd-servers={Loopback(0)}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"--secure-port={_ports[2]}"),
            $"--tls-cert-file={File("apiserver.crt")}", $"--tls-private-key-file={File("apiserver.key")}", $"--client-ca-file={Authority}",
            "--service-account-issuer=https://kubernetes.default.svc", $"--service-account-signing-key-file={File("sa.key")}", $"--service-account-key-file={File("sa.pub")}",
            "--service-cluster-ip-range=127.128.0.0/16", "--authorization-mode=RBAC", "--runtime-config=discovery.k8s.io/v1beta1=false");
        await Eventually.True(IsReady, "the API server is ready", () => _server.Log, Limit);
    }

    private bool IsReady() => Status("/readyz") == HttpStatusCode.OK;

    private bool IsServed(string group) => Status($"/apis/{group}/v1alpha1/middlewares") == HttpStatusCode.OK && Status($"/apis/{group}/v1alpha1/ingressroutes") == HttpStatusCode.OK;

    private HttpStatusCode? Status(string path)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Url, path));
            using var answer = Admin.Send(request);
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_ports[port]}");

    /// <summary>Null: one is missing, and the tests are skipped with what to do.</summary>
    private (string Server, string Etcd)? Programs()
    {
        static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
        var cache = Variable("DEVOPS_AGENT_CACHE") ?? Path.Combine(Variable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "devops-agent");
        var server = Path.Combine(cache, "kubernetes", "kube-apiserver-1.20.2");
        const string etcd = "/usr/bin/etcd";
        _missing = !File.Exists(server) ? $"{server} is missing: scripts/kube-apiserver.sh builds it (as root, on Debian)"
            : !File.Exists(etcd) ? "etcd is missing: sudo apt-get install etcd-server" : null;
        return _missing is null ? (server, etcd) : null;
    }

    private HttpClient AdminClient(string certificate, string key)
    {
        using var pair = X509Certificate2.CreateFromPemFile(certificate, key);
        return Client(X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null));
    }

    private HttpClient Client(X509Certificate2? certificate)
    {
        var authority = X509CertificateLoader.LoadCertificateFromFile(Authority);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.ClientCertificates = certificate is null ? [] : [certificate];
        handler.SslOptions.CertificateChainPolicy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck };
        return new(handler) { Timeout = Limit, DefaultRequestHeaders = { Accept = { new MediaTypeWithQualityHeaderValue("application/json") } } };
    }

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(static l => l.Start());
        var ports = listeners.Select(static l => ((IPEndPoint)l.LocalEndpoint).Port).ToArray();
        listeners.ForEach(static l => l.Stop());
        return ports;
    }
}
