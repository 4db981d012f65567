namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>The doctor's word on a cluster: what is lacking, as rules to be pasted.</summary>
[Collection(KubernetesTests.Name)]
public sealed class DoctorTests(ApiServer server)
{
    [Fact]
    public async Task With_the_manifests_rights_nothing_is_lacking()
    {
        server.Needed();
        var output = await DoctorAsync(server.Kubeconfig);
        output.ShouldContain("ok    kubernetes: context test (https://127.0.0.1:");
        output.ShouldContain("answers: Kubernetes v1.20.2");
        output.ShouldContain("ok    kubernetes: all rights that are needed are given");
    }

    [Fact]
    public async Task Without_rights_each_rule_is_printed()
    {
        server.Needed();
        await server.CreateAsync("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: bystander, namespace: traefik}");
        var kubeconfig = Path.Combine(server.Folder, "bystander.kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, server.KubeconfigText("bystander", $"token: {await server.TokenAsync("traefik", "bystander")}"), TestContext.Current.CancellationToken);
        var output = await DoctorAsync(kubeconfig);
        output.ShouldContain("FAIL  kubernetes: a right is lacking; without it routes and middlewares aren't seen");
        output.ShouldContain("→ add to the rules of a ClusterRole: - {apiGroups: [traefik.io], resources: [ingressroutes, ingressroutetcps, middlewares, middlewaretcps, traefikservices], verbs: [get, list, watch]}");
        output.ShouldContain("→ add to the rules of a Role in namespace traefik: - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update, patch]}");
        output.ShouldNotContain("traefik.containo.us"); // not installed, not needed
    }

    [Fact]
    public async Task An_expired_token_is_said()
    {
        server.Needed();
        var kubeconfig = Path.Combine(server.Folder, "doctor-expired.kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, server.KubeconfigText("stale", $"token: {await server.ExpiredTokenAsync()}"), TestContext.Current.CancellationToken);
        (await DoctorAsync(kubeconfig)).ShouldContain("FAIL  kubernetes: context stale");
    }

    private async Task<string> DoctorAsync(string kubeconfig)
    {
        var config = Path.Combine(server.Folder, "doctor.yaml");
        await File.WriteAllTextAsync(config, $"kubernetes:\n  kubeconfig: {kubeconfig}\n", TestContext.Current.CancellationToken);
        var (exit, output, errors) = await AgentProcess.RunAsync(["doctor", "--config", config], directory: server.Folder);
        exit.ShouldBeLessThan(2, errors);
        return output;
    }
}
