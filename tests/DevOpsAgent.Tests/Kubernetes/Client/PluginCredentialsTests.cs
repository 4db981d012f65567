using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>Exec plugins, as shell scripts.</summary>
public sealed class PluginCredentialsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("devops-agent-plugin-").FullName;
    private readonly FakeTime _time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private int Runs => File.Exists(Path.Combine(_folder, "runs")) ? File.ReadAllLines(Path.Combine(_folder, "runs")).Length : 0;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_token_is_kept_until_shortly_before_its_end()
    {
        using var plugin = Plugin($$"""echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t'$n'","expirationTimestamp":"{{_time.GetUtcNow().AddMinutes(5):yyyy-MM-dd'T'HH:mm:ss'Z'}}"} }'""");
        (await TokenAsync(plugin)).ShouldBe("Bearer t1");
        _time.Advance(TimeSpan.FromMinutes(4));
        (await TokenAsync(plugin)).ShouldBe("Bearer t1");
        Runs.ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(51));
        (await TokenAsync(plugin)).ShouldBe("Bearer t2");
        Runs.ShouldBe(2);
    }

    [Fact]
    public async Task A_refused_token_is_asked_for_again()
    {
        using var plugin = Plugin(Prints("t'$n'"));
        var first = await plugin.GetAsync(Cancellation);
        plugin.Refuse(first).ShouldBeTrue();
        (await TokenAsync(plugin)).ShouldBe("Bearer t2");
        plugin.Refuse(first); // an answer that came late: the new one stays
        (await TokenAsync(plugin)).ShouldBe("Bearer t2");
    }

    [Fact]
    public async Task Many_calls_at_once_run_it_once()
    {
        using var plugin = Plugin(Prints("t'$n'"));
        (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => TokenAsync(plugin)))).ShouldAllBe(static t => t == "Bearer t1");
        Runs.ShouldBe(1);
    }

    [Fact]
    public async Task It_is_told_of_the_cluster_and_gets_arguments_and_variables()
    {
        using var plugin = Plugin("""echo "$KUBERNETES_EXEC_INFO" >info; echo "$1 $GREETING $DEVOPS_AGENT_SECRET." >args; """ + Prints("x"), provideClusterInfo: true);
        await TokenAsync(plugin);
        (await File.ReadAllTextAsync(Path.Combine(_folder, "args"), Cancellation)).ShouldBe("hello you .\n");
        (await File.ReadAllTextAsync(Path.Combine(_folder, "info"), Cancellation)).ShouldBe("""{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false,"cluster":{"server":"https://127.0.0.1:6443","insecure-skip-tls-verify":false}}}""" + "\n");
    }

    [Theory]
    [InlineData("echo 'you must log in' >&2; exit 4", "failed with exit code 4: you must log in")]
    [InlineData("echo sorry", "printed no ExecCredential in JSON")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"s3cret"}}'""", "answered with apiVersion 'client.authentication.k8s.io/v1beta1'")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{}}'""", "gave neither token nor client certificate")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"s3cret","expirationTimestamp":"2001-01-01T00:00:00Z"}}'""", "log in again, or look at this machine's clock")]
    [InlineData("""echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"s3cret","clientCertificateData":"x"}}'""", "gave only one of")]
    [InlineData("kill -9 $$", "failed with exit code 137")]
    public async Task What_goes_wrong_is_said_without_the_token(string script, string said)
    {
        using var plugin = Plugin(script);
        var fault = await RestTests.FaultAsync(() => TokenAsync(plugin));
        fault.Fault.ShouldBe(KubernetesFault.Configuration);
        fault.Message.ShouldContain(said);
        fault.ToString().ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task One_that_hangs_is_killed_with_its_children()
    {
        using var plugin = Plugin("sleep 600 & wait", limit: TimeSpan.FromSeconds(30));
        var asking = TokenAsync(plugin);
        while (!File.Exists(Path.Combine(_folder, "runs")) || _time.Waiting == 0)
        {
            await Task.Delay(5, Cancellation);
        }

        _time.Advance(TimeSpan.FromSeconds(30));
        (await RestTests.FaultAsync(() => asking)).Message.ShouldContain("gave nothing within 30 s");
    }

    [Fact]
    public async Task A_missing_one_gives_its_hint()
    {
        using var plugin = new PluginCredentials(new("devops-agent-no-such-plugin", [], [], "client.authentication.k8s.io/v1", "brew install it", new()), _time);
        (await RestTests.FaultAsync(() => TokenAsync(plugin))).Message.ShouldBe("Plugin devops-agent-no-such-plugin isn't installed: brew install it.");
    }

    private static async Task<string?> TokenAsync(PluginCredentials plugin) => (await plugin.GetAsync(Cancellation)).Authorization;

    private static string Prints(string token) => $$$"""echo '{"apiVersion":"client.authentication.k8s.io/v1","status":{"token":"{{{token}}}"} }'""";

    /// <summary>A script that counts its runs in $n.</summary>
    private PluginCredentials Plugin(string script, bool provideClusterInfo = false, TimeSpan? limit = null)
    {
        var path = Path.Combine(_folder, "plugin");
        File.WriteAllText(path, $"#!/bin/sh\ncd {_folder}\necho x >>runs\nn=$(wc -l <runs)\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var cluster = new PluginCluster(new("https://127.0.0.1:6443"), null, false, null);
        return new(new(path, ["hello"], ["GREETING=you"], "client.authentication.k8s.io/v1", null, new() { ApiVersion = "client.authentication.k8s.io/v1", Spec = new() { Cluster = provideClusterInfo ? cluster.ToInput() : null } }), _time, limit);
    }
}
