using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>Which servers are believed, and what is said of those that aren't.</summary>
public sealed class TlsTests
{
    private const string Version = """{"gitVersion":"v1.30.0"}""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_expired_certificate_is_named_with_its_dates()
    {
        var now = TimeProvider.System.GetUtcNow();
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Certificate("127.0.0.1", now.AddDays(-9), now.AddDays(-2)));
        var fault = await RefusedAsync(server, static c => c);
        fault.ShouldContain($"valid from {now.AddDays(-9):yyyy-MM-dd}");
        fault.ShouldContain("renew it, or set the clock");
    }

    [Fact]
    public async Task A_clock_far_behind_is_not_taken_for_a_bad_certificate()
    {
        await using var server = await ScriptedServer.StartAsync();
        using var api = new KubernetesApi(server.Connection(TimeProvider.System), new QuickTime { Offset = TimeSpan.FromDays(-30) }, new() { Tries = 1 });
        (await RestTests.FaultAsync(() => api.VersionAsync(Cancellation))).Message.ShouldContain("or set the clock");
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_and_the_token_not_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        using var other = ScriptedServer.Certificate("127.0.0.1");
        (await RefusedAsync(server, c => c with { Authority = new("/etc/ca.crt", other.ExportCertificatePem()) })).ShouldContain("/etc/ca.crt didn't sign");
        (await RefusedAsync(server, static c => c with { Authority = null })).ShouldContain("no authority that this system trusts");
        server.Authorizations.ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_name_is_refused_unless_the_kubeconfig_names_it()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Certificate("kube.example.org"));
        (await RefusedAsync(server, static c => c)).ShouldContain("is not for '127.0.0.1' (kube.example.org); tls-server-name");
        (await RefusedAsync(server, static c => c with { TlsServerName = "other.example.org" })).ShouldContain("is not for 'other.example.org'");
        server.Then(200, Version);
        using var api = new KubernetesApi(server.Connection(TimeProvider.System) with { TlsServerName = "kube.example.org" }, TimeProvider.System);
        (await api.VersionAsync(Cancellation)).ShouldBe("v1.30.0");
    }

    [Fact]
    public async Task Insecure_takes_any_certificate()
    {
        await using var server = await ScriptedServer.StartAsync(ScriptedServer.Certificate("kube.example.org"));
        server.Then(200, Version);
        using var api = new KubernetesApi(server.Connection(TimeProvider.System) with { Authority = null, Insecure = true }, TimeProvider.System);
        (await api.VersionAsync(Cancellation)).ShouldBe("v1.30.0");
    }

    private static async Task<string> RefusedAsync(ScriptedServer server, Func<ClusterConnection, ClusterConnection> change)
    {
        using var api = new KubernetesApi(change(server.Connection(TimeProvider.System)), new QuickTime(), new() { Tries = 1 });
        var fault = await RestTests.FaultAsync(() => api.VersionAsync(Cancellation));
        fault.Fault.ShouldBe(KubernetesFault.Unavailable);
        return fault.Message;
    }
}
