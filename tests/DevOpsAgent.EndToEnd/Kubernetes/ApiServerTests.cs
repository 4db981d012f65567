using System.Net;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>That the rig is what the other tests take it for: without it they would prove nothing.</summary>
[Collection(KubernetesTests.Name)]
public sealed class ApiServerTests(ApiServer server)
{
    [Fact]
    public async Task The_agents_account_may_write_routes_in_traefiks_namespace_and_read_no_secrets_elsewhere()
    {
        server.Needed();
        var token = await server.TokenAsync("traefik", "devops-agent");
        (await StatusAsync(token, "/apis/traefik.io/v1alpha1/ingressroutes")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(token, "/api/v1/secrets")).ShouldBe(HttpStatusCode.Forbidden);
        (await StatusAsync(await server.ExpiredTokenAsync(), "/apis/traefik.io/v1alpha1/ingressroutes")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Both_groups_of_definitions_come_and_go()
    {
        server.Needed();
        await server.InstallAsync("traefik.containo.us");
        await server.CreateAsync("apiVersion: traefik.containo.us/v1alpha1\nkind: Middleware\nmetadata: {name: old, namespace: traefik}\nspec: {ipWhiteList: {sourceRange: [10.0.0.0/8]}}");
        (await server.ListAsync("/apis/traefik.containo.us/v1alpha1/middlewares")).Count.ShouldBe(1);
        await server.RemoveAsync("traefik.containo.us");
        ((int?)(await server.SendAsync(HttpMethod.Get, "/apis/traefik.io/v1alpha1/middlewares"))["items"]?.AsArray().Count).ShouldNotBeNull();
    }

    private async Task<HttpStatusCode> StatusAsync(string token, string path)
    {
        using var client = server.ClientOf(token);
        using var answer = await client.GetAsync(new Uri(server.Url, path), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
