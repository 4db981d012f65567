using System.Security.Cryptography.X509Certificates;
using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.Tests.Kubernetes.Client;

public sealed class ConnectionReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devops-agent-kubeconfig-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Several_files_are_merged_and_the_first_wins()
    {
        var one = File("one", """
            current-context: dev
            clusters: [{name: c, cluster: {server: "https://one:6443"}}]
            users: [{name: u, user: {token: first}}]
            """);
        var two = File("two", """
            current-context: other
            clusters: [{name: c, cluster: {server: "https://two:6443"}}]
            users: [{name: u, user: {token: second}}]
            contexts: [{name: dev, context: {cluster: c, user: u, namespace: shop}}]
            """);
        var connection = Read(new(), new() { KubeconfigList = $"{_folder}/missing::{one}:{two}" });
        connection.Description.ShouldBe("context dev (https://one:6443)");
        connection.Namespace.ShouldBe("shop");
        (await connection.Credentials.GetAsync(Cancellation)).Authorization.ShouldBe("Bearer first");
    }

    [Fact]
    public async Task Relative_paths_begin_at_the_file_that_has_them()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "sub"));
        File("sub/token", "of-sub");
        var sub = File("sub/users", "users: [{name: u, user: {tokenFile: token}}]");
        var root = File("root", "current-context: dev\nclusters: [{name: c, cluster: {server: 'https://one:6443', certificate-authority: ca.crt}}]\ncontexts: [{name: dev, context: {cluster: c, user: u}}]");
        var connection = Read(new(), new() { KubeconfigList = $"{root}:{sub}" });
        (await connection.Credentials.GetAsync(Cancellation)).Authorization.ShouldBe("Bearer of-sub");
        connection.Authority.ShouldBe(new PemSource(Path.Combine(_folder, "ca.crt"), null));
    }

    [Fact]
    public async Task A_client_certificate_may_be_data_or_a_file_and_a_new_file_is_seen()
    {
        using var certificate = ScriptedServer.Certificate("one");
        var (pem, key) = (certificate.ExportCertificatePem(), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var data = Kubeconfig($"client-certificate-data: {Base64(pem)}, client-key-data: {Base64(key)}");
        using (var credentials = Read(new() { Kubeconfig = data }).Credentials)
        {
            (await credentials.GetAsync(Cancellation)).Certificate!.Thumbprint.ShouldBe(certificate.Thumbprint);
        }

        var (file, keyFile) = (File("a.crt", pem), File("a.key", key));
        using (var credentials = Read(new() { Kubeconfig = Kubeconfig("client-certificate: a.crt, client-key: a.key") }).Credentials)
        {
            var first = (await credentials.GetAsync(Cancellation)).Certificate!;
            (await credentials.GetAsync(Cancellation)).Certificate.ShouldBeSameAs(first);
            using var renewed = ScriptedServer.Certificate("two");
            await System.IO.File.WriteAllTextAsync(keyFile, renewed.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem(), Cancellation);
            await System.IO.File.WriteAllTextAsync(file, renewed.ExportCertificatePem(), Cancellation);
            System.IO.File.SetLastWriteTimeUtc(file, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
            (await credentials.GetAsync(Cancellation)).Certificate!.Thumbprint.ShouldBe(renewed.Thumbprint);

            // Half written: an error, not a crash.
            await System.IO.File.WriteAllTextAsync(keyFile, key, Cancellation);
            System.IO.File.SetLastWriteTimeUtc(file, new DateTime(2031, 1, 1, 0, 0, 0, DateTimeKind.Utc));
            (await RestTests.FaultAsync(async () => await credentials.GetAsync(Cancellation))).Message.ShouldContain("a.crt with");
        }
    }

    [Fact]
    public async Task A_pod_uses_its_service_account_and_reads_the_token_again_after_a_minute()
    {
        File("token", "one");
        File("namespace", "edge\n");
        var time = new FakeTime();
        var pod = new ClusterEnvironment { ServiceHost = "fd00::1", ServicePort = "443", ServiceAccountFolder = _folder };
        var connection = ConnectionReader.Read(new(), pod, time);
        connection.Description.ShouldBe("this pod's cluster (https://[fd00::1]:443)".Replace(":443", "", StringComparison.Ordinal));
        connection.Namespace.ShouldBe("edge");
        connection.Authority.ShouldBe(new PemSource(Path.Combine(_folder, "ca.crt"), null));
        File("token", "two");
        async Task<string?> TokenAsync() => (await connection.Credentials.GetAsync(Cancellation)).Authorization;
        (await TokenAsync()).ShouldBe("Bearer two");
        File("token", "three");
        (await TokenAsync()).ShouldBe("Bearer two");
        time.Advance(TimeSpan.FromSeconds(60));
        (await TokenAsync()).ShouldBe("Bearer three");

        // While the kubelet swaps it.
        File("token", "");
        time.Advance(TimeSpan.FromSeconds(60));
        (await TokenAsync()).ShouldBe("Bearer three");
    }

    [Fact]
    public void In_cluster_takes_no_kubeconfig_instead()
    {
        var file = Kubeconfig("token: x");
        Bad(new() { InCluster = true, Kubeconfig = file }, new() { ServiceAccountFolder = _folder }).ShouldContain("this is no pod");
    }

    [Fact]
    public void What_the_configuration_says_goes_before_the_kubeconfig()
    {
        var connection = Read(new() { Kubeconfig = Kubeconfig("as: jane, as-groups: [a, b], as-user-extra: {'Key Of': [v]}"), Namespace = "edge" });
        connection.Namespace.ShouldBe("edge");
        connection.Impersonation.ShouldBe([new("Impersonate-User", "jane"), new("Impersonate-Group", "a"), new("Impersonate-Group", "b"), new("Impersonate-Extra-Key%20Of", "v")]);
        Read(new() { Kubeconfig = Kubeconfig("as: jane"), Impersonate = "root" }).Impersonation.ShouldBe([new("Impersonate-User", "root")]);
    }

    [Fact]
    public void The_clusters_other_keys_are_read()
    {
        var connection = Read(new() { Kubeconfig = Kubeconfig("token: x", ", tls-server-name: kube.example.org, proxy-url: 'socks5://127.0.0.1:1080', insecure-skip-tls-verify: true") });
        connection.TlsServerName.ShouldBe("kube.example.org");
        connection.Proxy.ShouldBe(new Uri("socks5://127.0.0.1:1080"));
        connection.Insecure.ShouldBeTrue();
        Read(new() { Kubeconfig = Kubeconfig("token: x") }).Insecure.ShouldBeFalse();
    }

    [Theory]
    [InlineData("token: x", "", "tset", "there is no context 'tset'; did you mean 'test'?")]
    [InlineData("client-key: a", "", null, "belong together")]
    [InlineData("token: [x]", "", null, "'token' must be text")]
    [InlineData("client-certificate-data: '!', client-key-data: '!'", "", null, "is not base64")]
    [InlineData("auth-provider: {name: gcp}", "", null, "'gcp' is no longer part of Kubernetes")]
    [InlineData("exec: {command: x, apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always}", "", null, "wants a terminal")]
    [InlineData("exec: {command: x, apiVersion: v9}", "", null, "apiVersion 'v9' is not known")]
    [InlineData("exec: {apiVersion: client.authentication.k8s.io/v1}", "", null, "needs a 'command'")]
    [InlineData("token: x", ", insecure-skip-tls-verify: yes", null, "must be true or false")]
    [InlineData("token: x", ", insecure-skip-tls-verify: true, certificate-authority: ca.crt", null, "exclude each other")]
    [InlineData("token: x", ", proxy-url: 'ftp://x'", null, "must begin with http://")]
    public void What_cannot_be_used_is_named_with_its_place(string user, string cluster, string? context, string said)
    {
        var file = Kubeconfig(user, cluster);
        var message = Bad(new() { Kubeconfig = file, Context = context }, new());
        message.ShouldContain(said);
        message.ShouldContain(file);
    }

    [Theory]
    [InlineData("a: [", ":1:")]
    [InlineData("- 1", "is no kubeconfig")]
    [InlineData("clusters: {a: b}", "'clusters' must be a list")]
    [InlineData("contexts: [1]", "'contexts' must be a list of maps")]
    [InlineData("\0", "there are no contexts")]
    [InlineData("a: !!binary x", "type tag")]
    public void A_file_that_is_no_kubeconfig_is_refused(string text, string said) => Bad(new() { Kubeconfig = File("bad", text) }, new()).ShouldContain(said);

    [Fact]
    public void Nothing_configured_says_what_to_set() => Bad(new(), new() { Home = _folder }).ShouldContain("Set kubernetes.kubeconfig");

    private static ClusterConnection Read(KubernetesConfig config, ClusterEnvironment? environment = null) => ConnectionReader.Read(config, environment ?? new(), TimeProvider.System);

    private static string Bad(KubernetesConfig config, ClusterEnvironment environment)
    {
        var fault = Should.Throw<KubernetesException>(() => Read(config, environment));
        fault.Fault.ShouldBe(KubernetesFault.Configuration);
        return fault.Message;
    }

    private string File(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    private string Kubeconfig(string user, string cluster = "") => File("config", $$"""
        current-context: test
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443"{{cluster}} } }]
        users: [{name: u, user: { {{user}} } }]
        contexts: [{name: test, context: {cluster: c, user: u} }]
        """);

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
