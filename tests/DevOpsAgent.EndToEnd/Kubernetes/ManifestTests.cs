namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>The manifests of deploy/kubernetes as a real API server and the program itself take them.</summary>
[Collection(KubernetesTests.Name)]
public sealed class ManifestTests(ApiServer server)
{
    private static string Manifest => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Cases", "kubernetes", "agent.yaml"));

    [Fact]
    public async Task The_deployment_is_taken_and_gives_no_privilege()
    {
        server.Needed();
        await server.CreateAsync(Manifest);
        var pod = (await server.SendAsync(HttpMethod.Get, "/apis/apps/v1/namespaces/traefik/deployments/devops-agent"))["spec"]!["template"]!["spec"]!;
        ((string?)pod["serviceAccountName"]).ShouldBe("devops-agent");
        ((bool)pod["securityContext"]!["runAsNonRoot"]!).ShouldBeTrue();
        var container = pod["containers"]!.AsArray().ShouldHaveSingleItem()!;
        ((bool)container["securityContext"]!["allowPrivilegeEscalation"]!).ShouldBeFalse();
        ((bool)container["securityContext"]!["readOnlyRootFilesystem"]!).ShouldBeTrue();
        container["securityContext"]!["capabilities"]!["drop"]!.AsArray().Select(static c => (string?)c).ShouldBe(["ALL"]);

        // What it mounts is there, and what it writes is on a volume.
        var mounts = container["volumeMounts"]!.AsArray().ToDictionary(static m => (string)m!["name"]!, static m => (string)m!["mountPath"]!);
        pod["volumes"]!.AsArray().Select(static v => (string)v!["name"]!).Order(StringComparer.Ordinal).ShouldBe(mounts.Keys.Order(StringComparer.Ordinal));
        (await ConfigAsync()).ShouldContain($"path: {mounts["data"]}/");
    }

    [Fact]
    public async Task Its_configuration_is_what_the_program_takes()
    {
        server.Needed();
        await server.CreateAsync(Manifest);
        var file = Path.Combine(server.Folder, "agent.yaml");
        await File.WriteAllTextAsync(file, await ConfigAsync(), TestContext.Current.CancellationToken);
        var (exit, output, errors) = await AgentProcess.RunAsync(["config", "check", "--config", file], new Dictionary<string, string> { ["ES_PASSWORD"] = "x" });
        exit.ShouldBe(0, errors);
        (output + errors).ShouldNotContain("warning");
    }

    private async Task<string> ConfigAsync() => (string)(await server.SendAsync(HttpMethod.Get, "/api/v1/namespaces/traefik/configmaps/devops-agent"))["data"]!["config.yaml"]!;
}
