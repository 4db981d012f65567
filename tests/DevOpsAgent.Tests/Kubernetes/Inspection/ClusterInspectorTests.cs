using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

public sealed class ClusterInspectorTests
{
    public static TheoryData<string> Names => [.. InspectionCases.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_recorded_cluster_gives_what_is_expected_byte_for_byte(string name)
    {
        var picture = await InspectionCases.LookAsync(name);
        InspectionCases.Json(picture).ShouldBe(await File.ReadAllTextAsync(Path.Combine(InspectionCases.Root, name, "expected.json"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_order_of_the_answers_does_not_matter(string name)
    {
        var cluster = await Recording.ReadAsync(Path.Combine(InspectionCases.Root, name, "cluster"), TestContext.Current.CancellationToken);
        var expected = InspectionCases.Json(await InspectionCases.LookAsync(name));
        for (var seed = 1; seed <= 5; seed++)
        {
            var shuffled = new ShuffledCluster(cluster, new Random(seed));
            var picture = await new ClusterInspector(shuffled).InspectAsync(TestContext.Current.CancellationToken) with { Source = "case" };
            InspectionCases.Json(picture).ShouldBe(expected, $"seed {seed}");
        }
    }

    [Fact]
    public async Task Nothing_of_a_secret_is_told()
    {
        var picture = await InspectionCases.LookAsync("file-provider");
        var hidden = picture.Patterns.Where(static p => p.Secret).ToList();
        hidden.Count.ShouldBe(2);
        hidden.ShouldAllBe(static p => p.Ranges.Count == 0 && p.Count > 0 && !p.CanDeny);
        var told = InspectionCases.Json(picture);
        foreach (var secret in new[] { "10.99", "10.98", "s3cr3t", "vault-only", "root:" })
        {
            told.ShouldNotContain(secret);
        }
    }

    [Fact]
    public async Task Keys_and_passwords_of_plugins_and_addresses_are_not_told()
    {
        var told = InspectionCases.Json(await InspectionCases.LookAsync("narrow-two-traefiks"));
        told.ShouldNotContain("TOP-SECRET");
        told.ShouldNotContain("PASSWORD");
        told.ShouldNotContain("TOKEN");
        told.ShouldContain("bouncer.crowdsec.svc");
    }

    [Fact]
    public async Task Text_of_the_cluster_is_cut_and_made_visible()
    {
        var picture = await InspectionCases.LookAsync("hostile");
        foreach (var text in Texts(JsonNode.Parse(InspectionCases.Json(picture))))
        {
            text.ShouldNotContain('\u001b');
            text.ShouldNotContain('\u202e');
            text.ShouldNotContain('\u200b');
            text.Length.ShouldBeLessThan(3000);
        }

        picture.Routes.First(static r => r.Object.Name == "huge").Match.ShouldEndWith("... (20008 characters)");
    }

    [Fact]
    public async Task A_cluster_that_denies_by_routes_already_is_followed_in_their_form()
    {
        var way = (await InspectionCases.LookAsync("deny-routes-exist")).Edges.Single().Way;
        way.Kind.ShouldBe(WayKind.ExistingPattern);
        way.Model!.Object.Place.ShouldBe("security/ban");
        way.Model.Status.ShouldBe(451);
        way.Ways.Select(static w => w.Kind).ShouldBe([WayKind.ExistingPattern, WayKind.DenyRoutes, WayKind.TcpDenyRoutes, WayKind.ConfigMapList, WayKind.NetworkPolicy]);
        way.Placement!.TcpEntryPoints.Select(static p => p.Name).ShouldBe(["pg", "websecure"]);
        way.Placement.EntryPoints.Single(static p => p.Name == "smtp").Tls.ShouldBeFalse("a TLS router would hang a mail server there");
    }

    [Fact]
    public async Task A_list_is_written_only_where_the_user_names_it()
    {
        (await InspectionCases.LookAsync("file-provider")).Edges.Single().Way.Kind.ShouldBe(WayKind.None);
        foreach (var named in new[] { "traefik/lists", "traefik/lists/denylist.txt" })
        {
            (await InspectionCases.LookAsync("file-provider", named)).Edges.Single().Way.Kind.ShouldBe(WayKind.ConfigMapList);
        }

        foreach (var none in new[] { "traefik/private", "traefik/lists/partners-allow.txt", "other/lists", "" })
        {
            (await InspectionCases.LookAsync("file-provider", none)).Edges.Single().Way.Kind.ShouldBe(WayKind.None, none);
        }
    }

    [Fact]
    public async Task What_rbac_keeps_from_us_is_said_with_the_rule_and_read_where_it_may_be()
    {
        var cluster = await Recording.ReadAsync(Path.Combine(InspectionCases.Root, "cluster-a", "cluster"), TestContext.Current.CancellationToken);
        var picture = await new ClusterInspector(new NarrowCluster(cluster)).InspectAsync(TestContext.Current.CancellationToken);

        picture.Edges.Single().Settings.Workload!.Place.ShouldBe("traefik/traefik");
        var gap = picture.Gaps.Single(static g => g.What == "deployments.apps");
        gap.Reason.ShouldBe(GapReason.Forbidden);
        gap.Consequence.ShouldContain("read only in namespace traefik");
        gap.MissingRule.ShouldBe("{apiGroups: [\"apps\"], resources: [deployments], verbs: [list]}");
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_an_error_and_no_empty_picture()
    {
        var e = await Should.ThrowAsync<KubernetesException>(() => new ClusterInspector(new NarrowCluster(new("x")) { Down = true }).InspectAsync(TestContext.Current.CancellationToken));
        e.Fault.ShouldBe(KubernetesFault.Unavailable);
    }

    private static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(static e => Texts(e.Value).Append(e.Key)),
        JsonArray list => list.SelectMany(Texts),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };
}
