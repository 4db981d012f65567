using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using Microsoft.AspNetCore.Http;

namespace DevOpsAgent.Tests.Kubernetes.Client;

/// <summary>Answers of a real API server (1.20.2), given again: what the client asks is what was asked then, what it makes of the answer is what it meant.</summary>
public sealed class RecordedExchangesTests
{
    private static readonly ResourceType IngressRoutes = new("traefik.io", "v1alpha1", "ingressroutes", "IngressRoute", true);
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Cases", "kubernetes", "exchanges");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("create", false, false)]
    [InlineData("create-tls", false, false)]
    [InlineData("update", false, false)]
    [InlineData("unchanged", false, false)]
    [InlineData("force", true, false)]
    [InlineData("dry-run-create", false, true)]
    [InlineData("unknown-field", false, true)]
    [InlineData("bad-rule-is-accepted", true, true)]
    public async Task Applying_asks_as_recorded_and_gives_the_object(string name, bool force, bool dryRun)
    {
        var recorded = Read("apply/" + name);
        await using var server = await ReplayAsync(recorded);
        using var api = server.Api(new QuickTime());
        var got = await api.ApplyAsync(IngressRoutes, (JsonObject)recorded["request"]!.DeepClone(), new(Force: force, DryRun: dryRun), Cancellation);
        JsonNode.DeepEquals(got, recorded["response"]).ShouldBeTrue();
        SameQuery(server.Asked.Single(), $"PATCH {recorded["path"]}");
        JsonNode.DeepEquals(JsonNode.Parse(server.Bodies.Single()), recorded["request"]).ShouldBeTrue();
        server.Headers.Single()["Content-Type"].ToString().ShouldBe("application/apply-patch+yaml");
    }

    [Theory]
    [InlineData("conflict", KubernetesFault.Conflict, "kubectl-label: .metadata.labels.app.kubernetes.io/managed-by")]
    [InlineData("conflict-team-object", KubernetesFault.Conflict, "team: .spec.entryPoints|team: .spec.routes")]
    [InlineData("invalid-schema", KubernetesFault.Invalid, "")]
    [InlineData("invalid-type", KubernetesFault.Invalid, "")]
    [InlineData("invalid-missing-required", KubernetesFault.Invalid, "")]
    [InlineData("invalid-name", KubernetesFault.Invalid, "")]
    [InlineData("no-field-manager", KubernetesFault.Invalid, "")]
    [InlineData("missing-namespace", KubernetesFault.NotFound, "")]
    [InlineData("forbidden-other-namespace", KubernetesFault.Forbidden, "")]
    public async Task A_refused_apply_is_told_apart(string name, object fault, string conflicts)
    {
        var recorded = Read("apply/" + name);
        await using var server = await ReplayAsync(recorded);
        using var api = server.Api(new QuickTime());
        var wanted = recorded["request"] as JsonObject ?? (JsonObject)Read("apply/create")["request"]!;
        var refused = await RestTests.FaultAsync(() => api.ApplyAsync(IngressRoutes, (JsonObject)wanted.DeepClone(), new(), Cancellation));
        refused.Fault.ShouldBe((KubernetesFault)fault);
        string.Join('|', refused.Conflicts).ShouldBe(conflicts);
        refused.StatusCode.ShouldBe((int)recorded["status"]!);
        refused.Message.ShouldContain(((string)recorded["response"]!["message"]!).Split('\n')[0].TrimEnd('.'));
        server.Asked.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("unauthorized-bad-token", KubernetesFault.Unauthenticated, null)]
    [InlineData("anonymous-forbidden", KubernetesFault.Forbidden, "- {apiGroups: [traefik.io], resources: [ingressroutes], verbs: [list]}")]
    [InlineData("forbidden-list", KubernetesFault.Forbidden, "- {apiGroups: [traefik.io], resources: [ingressroutes], verbs: [list]}")]
    [InlineData("forbidden-patch", KubernetesFault.Forbidden, "- {apiGroups: [traefik.io], resources: [ingressroutes], verbs: [patch]}")]
    [InlineData("forbidden-secrets", KubernetesFault.Forbidden, "- {apiGroups: [\"\"], resources: [secrets], verbs: [get]}")]
    [InlineData("not-found-resource", KubernetesFault.NotFound, null)]
    [InlineData("not-acceptable", KubernetesFault.Invalid, null)]
    [InlineData("bad-label-selector", KubernetesFault.Invalid, null)]
    [InlineData("request-too-large", KubernetesFault.Invalid, null)]
    [InlineData("object-too-large-for-etcd", KubernetesFault.Invalid, null)]
    public async Task Each_recorded_error_has_its_meaning_and_is_asked_for_once(string name, object fault, string? rule)
    {
        var recorded = Read("errors/" + name);
        await using var server = await ReplayAsync(recorded);
        using var api = server.Api(new QuickTime());
        var refused = await RestTests.FaultAsync(() => api.ListAsync(IngressRoutes, null, Selection.All, Cancellation));
        refused.Fault.ShouldBe((KubernetesFault)fault);
        refused.MissingRule.ShouldBe(rule);
        refused.Message.ShouldStartWith("context test: can't list ingressroutes.traefik.io in all namespaces: ");
        server.Asked.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_object_that_is_absent_is_null_and_a_kind_that_is_absent_is_an_error()
    {
        await using var server = await ReplayAsync(Read("errors/not-found-object"), Read("errors/not-found-resource"));
        using var api = server.Api(new QuickTime());
        (await api.GetAsync(IngressRoutes, "traefik", "nope", Cancellation)).ShouldBeNull();
        (await RestTests.FaultAsync(() => api.GetAsync(IngressRoutes, "traefik", "nope", Cancellation))).Message.ShouldContain("are Traefik's CRDs of this API group installed?");
    }

    [Fact]
    public async Task Deleting_sends_its_conditions()
    {
        var (deleted, absent, other) = (Read("apply/delete"), Read("apply/delete-not-found"), Read("apply/delete-uid-precondition"));
        await using var server = await ReplayAsync(deleted, absent, other);
        using var api = server.Api(new QuickTime());
        (await api.DeleteAsync(IngressRoutes, "traefik", "devops-agent-deny", new(), Cancellation)).ShouldBeTrue();
        (await api.DeleteAsync(IngressRoutes, "traefik", "devops-agent-deny", new(), Cancellation)).ShouldBeFalse();
        (await RestTests.FaultAsync(() => api.DeleteAsync(IngressRoutes, "traefik", "devops-agent-deny", new(Uid: "00000000-0000-0000-0000-000000000000"), Cancellation))).Fault.ShouldBe(KubernetesFault.Conflict);
        JsonNode.DeepEquals(JsonNode.Parse(server.Bodies[2]), other["request"]).ShouldBeTrue();
    }

    [Fact]
    public async Task A_stale_replacement_is_a_conflict()
    {
        var recorded = Read("apply/put-stale-resource-version");
        await using var server = await ReplayAsync(recorded);
        using var api = server.Api(new QuickTime());
        (await RestTests.FaultAsync(() => api.ReplaceAsync(IngressRoutes, (JsonObject)recorded["request"]!.DeepClone(), false, Cancellation))).Fault.ShouldBe(KubernetesFault.Conflict);
    }

    [Theory]
    [InlineData("access-allowed", true)]
    [InlineData("access-denied", false)]
    public async Task A_review_asks_as_recorded(string name, bool may)
    {
        var recorded = Read("review/" + name);
        await using var server = await ReplayAsync(recorded);
        using var api = server.Api(new QuickTime());
        var asked = recorded["request"]!["spec"]!["resourceAttributes"]!;
        (await api.MayAsync((string)asked["verb"]!, IngressRoutes, (string?)asked["namespace"], null, Cancellation)).ShouldBe(may);
        JsonNode.DeepEquals(JsonNode.Parse(server.Bodies.Single()), recorded["request"]).ShouldBeTrue();
    }

    [Fact]
    public async Task The_recorded_watch_gives_its_events()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Then(200, await File.ReadAllTextAsync(Path.Combine(Folder, "watch", "stream.ndjson"), Cancellation)).Then(200, Read("watch/expired")["response"]![0]!.ToJsonString() + "\n");
        using var api = server.Api(new QuickTime());
        var events = new List<string>();
        await foreach (var found in api.WatchAsync(IngressRoutes, null, Selection.All, "938", Cancellation))
        {
            events.Add($"{found.Change} {found.ResourceVersion}");
        }

        events.ShouldBe(["Added 939", "Modified 940", "Deleted 941", "Bookmark 941", "Bookmark 941", "Gone 941"]);
    }

    [Fact]
    public async Task Pages_of_a_recorded_list_are_followed()
    {
        var (first, second) = (Read("list/page-1"), Read("list/page-2"));
        await using var server = await ReplayAsync(first, second);
        server.Then(200, """{"metadata":{"resourceVersion":"929"},"items":[]}""");
        using var api = server.Api(new QuickTime());
        var list = await api.ListAsync(RestTests.Middlewares, null, Selection.All, Cancellation);
        list.Items.Select(static i => i.ToJsonString()).ShouldBe(first["response"]!["items"]!.AsArray().Concat(second["response"]!["items"]!.AsArray()).Select(static i => WithoutFields(i!.AsObject())));
        server.Asked[1].ShouldEndWith(((string)second["path"]!).Split("limit=3&")[1]);
        server.Asked[2].ShouldContain("continue=" + second["response"]!["metadata"]!["continue"]);
    }

    /// <summary>Who wrote which field is asked only of our own objects, and most of the text: lists leave it out.</summary>
    private static string WithoutFields(JsonObject item)
    {
        foreach (var entry in item["metadata"]!["managedFields"]!.AsArray())
        {
            entry!.AsObject().Remove("fieldsV1");
        }

        return item.ToJsonString();
    }

    [Fact]
    public async Task Discovery_by_groups_finds_the_kinds_and_bears_groups_that_are_down()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = context => context.Request.Path.Value switch
        {
            "/api" => ScriptedServer.Text(200, """{"kind":"APIVersions","versions":["v1"]}""")(context),
            "/api/v1" => Answer(Read("discovery/api-v1"))(context),
            "/apis" => Answer(Read("discovery/apis"))(context),
            "/apis/traefik.io/v1alpha1" => Answer(Read("discovery/apis-traefik-v1alpha1"))(context),
            "/apis/networking.k8s.io/v1" => Answer(Read("discovery/apis-networking-v1"))(context),
            _ => ScriptedServer.Text(404, "404 page not found\n")(context),
        };
        using var api = server.Api(new QuickTime());
        var types = await api.DiscoverAsync(Cancellation);
        types.ShouldContain(IngressRoutes);
        types.ShouldContain(RestTests.Middlewares);
        types.ShouldContain(new ResourceType("", "v1", "services", "Service", true));
        types.ShouldContain(new ResourceType("networking.k8s.io", "v1", "ingressclasses", "IngressClass", false));
        types.ShouldNotContain(static t => t.Plural.Contains('/'));
        var asked = server.Asked.Count;
        await api.DiscoverAsync(Cancellation);
        server.Asked.Count.ShouldBe(asked); // kept
    }

    [Fact]
    public async Task Aggregated_discovery_takes_two_requests()
    {
        const string type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        await using var server = await ScriptedServer.StartAsync();
        server.Otherwise = context =>
        {
            context.Request.Headers.Accept.ToString().ShouldContain(type);
            context.Response.ContentType = type;
            return context.Response.WriteAsync(context.Request.Path == "/api"
                ? """{"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1","resources":[{"resource":"services","scope":"Namespaced","responseKind":{"group":"","kind":"Service"},"subresources":[{"subresource":"status"}]}]}]}]}"""
                : """{"kind":"APIGroupDiscoveryList","items":[{"metadata":{"name":"traefik.io"},"versions":[{"version":"v1alpha1","resources":[{"resource":"middlewares","scope":"Namespaced","responseKind":{"kind":"Middleware"}}]},{"version":"v0","freshness":"Stale"}]}]}""");
        };
        using var api = server.Api(new QuickTime());
        (await api.DiscoverAsync(Cancellation)).ShouldBe([new("", "v1", "services", "Service", true), RestTests.Middlewares]);
        server.Asked.ShouldBe(["GET /api", "GET /apis"]);
    }

    private static JsonObject Read(string name) => (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name + ".json")))!;

    private static async Task<ScriptedServer> ReplayAsync(params JsonObject[] recorded)
    {
        var server = await ScriptedServer.StartAsync();
        foreach (var exchange in recorded)
        {
            server.Then(Answer(exchange));
        }

        return server;
    }

    private static Func<HttpContext, Task> Answer(JsonObject recorded) =>
        ScriptedServer.Text((int)recorded["status"]!, recorded["response"] is JsonValue text ? (string)text! : recorded["response"]!.ToJsonString());

    private static void SameQuery(string asked, string recorded) =>
        asked.Split('?', '&').Order(StringComparer.Ordinal).ShouldBe(recorded.Split('?', '&').Order(StringComparer.Ordinal));
}
