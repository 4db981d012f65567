using System.Text.Json.Nodes;
using DevOpsAgent.Blocking;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Blocking;

namespace DevOpsAgent.Tests.Kubernetes.Blocking;

public sealed class KubernetesTargetTests
{
    [Fact]
    public async Task A_block_makes_our_objects_and_the_last_unblock_leaves_no_trace()
    {
        await using var world = new TargetWorld();

        var result = await world.Apply("203.0.113.7", "2001:db8::/64");

        result.Outcome.ShouldBe(TargetOutcome.Unconfirmed, result.Detail);
        result.Detail.ShouldBe("Written to IngressRoutes traefik/devops-agent-deny and read back (4 objects); Traefik was not asked (blocking.traefik_api is not set).");
        world.Cluster.Names.ShouldBe([TargetWorld.Plain, TargetWorld.Tls, "Middleware traefik/devops-agent-deny", "Service traefik/devops-agent-deny-blackhole"]);
        world.Cluster.Writes.ShouldBe(["PATCH Middleware devops-agent-deny", "PATCH Service devops-agent-deny-blackhole", "PATCH IngressRoute devops-agent-deny", "PATCH IngressRoute devops-agent-deny-tls"]);
        var tls = world.Cluster[TargetWorld.Tls]!;
        tls["spec"]!.ToJsonString().ShouldBe("""{"entryPoints":["websecure"],"routes":[{"kind":"Rule","match":"ClientIP(\u0060203.0.113.7\u0060) || ClientIP(\u00602001:db8::/64\u0060)","priority":2147482647,"middlewares":[{"name":"devops-agent-deny"}],"services":[{"name":"devops-agent-deny-blackhole","port":9,"nativeLB":true}]}],"tls":{}}""");
        ((string?)tls["metadata"]!["labels"]!["app.kubernetes.io/managed-by"]).ShouldBe("devops-agent");
        (await world.Inspect("203.0.113.7", "2001:db8::/64")).ShouldBe(new TargetState(true, null));

        world.Cluster.Calls.Clear();
        (await world.Apply()).Detail.ShouldBe("Nothing left to deny; IngressRoutes traefik/devops-agent-deny was removed.");
        world.Cluster.Names.ShouldBeEmpty();
        world.Cluster.Writes.Take(2).ShouldAllBe(static w => w.StartsWith("DELETE IngressRoute"));
        (await world.Inspect()).Drift.ShouldBeNull();
    }

    [Fact]
    public async Task One_more_address_among_ten_thousand_is_two_writes()
    {
        await using var world = new TargetWorld();
        string[] many = [.. Enumerable.Range(0, 10_000).Select(static i => $"{20 + (i % 150)}.{i / 256 % 256}.{i % 256}.{(i * 7) % 250}")];
        await world.Apply(many);
        world.Cluster.Calls.Clear();

        (await world.Apply([.. many, "203.0.113.7"])).Outcome.ShouldBe(TargetOutcome.Unconfirmed);

        world.Cluster.Writes.Count().ShouldBe(2);
        world.Denies("203.0.113.7").ShouldBeTrue();
        world.Denies(many[4711]).ShouldBeTrue();
        world.Denies("192.0.2.1").ShouldBeFalse();
    }

    [Fact]
    public async Task The_same_list_again_writes_nothing()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        world.Cluster.Calls.Clear();

        (await world.Apply("203.0.113.7")).Detail.ShouldContain("as it should be");

        world.Cluster.Writes.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("PATCH Middleware")]
    [InlineData("PATCH Service")]
    [InlineData("PATCH IngressRoute devops-agent-deny")]
    [InlineData("PATCH IngressRoute devops-agent-deny-tls")]
    public async Task Where_any_part_is_refused_the_whole_is_taken_back(string part)
    {
        await using var world = new TargetWorld();
        world.Cluster.Before = call =>
        {
            if (call.StartsWith(part, StringComparison.Ordinal))
            {
                throw FakeCluster.Forbidden(call);
            }
        };

        var result = await world.Apply("203.0.113.7");

        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain("is forbidden");
        result.Detail.ShouldContain("The right that is lacking: apiGroups: [traefik.io]");
        world.Cluster.Names.ShouldBeEmpty();
    }

    [Fact]
    public async Task Where_the_second_twin_is_refused_the_first_gets_its_earlier_list_back()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        world.Cluster.Before = static call =>
        {
            if (call == "PATCH IngressRoute devops-agent-deny-tls")
            {
                throw FakeCluster.Forbidden(call);
            }
        };

        var result = await world.Apply("203.0.113.7", "203.0.113.9");

        result.Outcome.ShouldBe(TargetOutcome.Failed);
        world.Denies("203.0.113.9").ShouldBeFalse();
        world.Denies("203.0.113.9", TargetWorld.Tls).ShouldBeFalse();
        world.Denies("203.0.113.7").ShouldBeTrue();
        world.Cluster.Before = null;
        (await world.Inspect("203.0.113.7")).Drift.ShouldBeNull();
    }

    [Fact]
    public async Task Where_a_removal_is_refused_half_way_what_was_removed_comes_back()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        world.Cluster.Before = static call =>
        {
            if (call.StartsWith("DELETE Service", StringComparison.Ordinal))
            {
                throw FakeCluster.Forbidden(call);
            }
        };

        (await world.Apply()).Outcome.ShouldBe(TargetOutcome.Failed);

        world.Denies("203.0.113.7").ShouldBeTrue();
        world.Cluster.Before = null;
        (await world.Inspect("203.0.113.7")).Drift.ShouldBeNull();
        (await world.Apply()).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        world.Cluster.Names.ShouldBeEmpty();
    }

    [Fact]
    public async Task After_a_kill_before_or_after_any_write_the_next_start_makes_it_whole()
    {
        string[][] lists = [["203.0.113.7"], ["203.0.113.7", "203.0.113.9"], []];
        var crashes = 0;
        for (var crash = 1; ; crash++)
        {
            await using var world = new TargetWorld();
            var calls = 0;
            var dead = false;
            void Step(string call)
            {
                if (dead || ((call.StartsWith("PATCH", StringComparison.Ordinal) || call.StartsWith("DELETE", StringComparison.Ordinal)) && ++calls == crash))
                {
                    // From here on nothing of this process reaches the cluster.
                    dead = true;
                    throw new KubernetesException(KubernetesFault.Unavailable, "gone");
                }
            }

            (world.Cluster.Before, world.Cluster.After) = (Step, Step);
            foreach (var list in lists)
            {
                await world.Apply(list);
            }

            await world.Target.DisposeAsync();
            (world.Cluster.Before, world.Cluster.After) = (null, null);
            foreach (var list in lists)
            {
                await using var next = world.Start();
                (await world.Apply(list)).Outcome.ShouldNotBe(TargetOutcome.Failed, $"crash at {crash}");
                (await world.Inspect(list)).Drift.ShouldBeNull($"crash at {crash}");
                world.Denies("203.0.113.9").ShouldBe(list.Contains("203.0.113.9"));
            }

            world.Cluster.Names.ShouldBeEmpty($"crash at {crash}");
            if (!dead)
            {
                break;
            }

            crashes++;
        }

        crashes.ShouldBeGreaterThan(15);
    }

    [Fact]
    public async Task Somebody_elses_edit_is_named_and_undone()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        world.Cluster.Edit("kubectl-edit", TargetWorld.Plain, static o => o["spec"]!["routes"]![0]!["match"] = "ClientIP(`192.0.2.9`)");

        var state = await world.Inspect("203.0.113.7");
        state.Drift.ShouldBe("IngressRoute traefik/devops-agent-deny was edited by 'kubectl-edit' at 2026-11-21 07:52:37Z (spec.routes)");
        state.Foreign.ShouldBeTrue();

        (await world.Apply("203.0.113.7")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        world.Denies("203.0.113.7").ShouldBeTrue();
        (await world.Inspect("203.0.113.7")).Drift.ShouldBeNull();
    }

    [Fact]
    public async Task A_field_that_somebody_added_goes_too()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        world.Cluster.Edit("team", TargetWorld.Plain, static o => o["spec"]!["tls"] = new JsonObject { ["secretName"] = "x" });

        (await world.Inspect("203.0.113.7")).Drift!.ShouldContain("edited by 'team'");
        (await world.Apply("203.0.113.7")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);

        world.Cluster[TargetWorld.Plain]!["spec"]!["tls"].ShouldBeNull();
        (await world.Inspect("203.0.113.7")).Drift.ShouldBeNull();
    }

    [Fact]
    public async Task A_route_whose_labels_were_taken_away_is_still_found_and_removed()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        world.Cluster.Edit("kubectl-label", TargetWorld.Plain, static o => o["metadata"]!["labels"] = new JsonObject());

        (await world.Inspect("203.0.113.7")).Drift!.ShouldContain("devops-agent-deny");
        await using var next = world.Start();
        (await world.Apply()).Outcome.ShouldBe(TargetOutcome.Unconfirmed);

        world.Cluster.Names.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_object_of_somebody_else_under_our_name_is_left_alone()
    {
        await using var world = new TargetWorld();
        const string json = """{"apiVersion":"traefik.io/v1alpha1","kind":"IngressRoute","metadata":{"name":"devops-agent-deny-tls","namespace":"traefik"},"spec":{"routes":[]}}""";
        world.Cluster.Put("te\u001b[31mam", json);

        var result = await world.Apply("203.0.113.7");

        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldBe("IngressRoute traefik/devops-agent-deny-tls is there and was not made by devops-agent but by 'te?[31mam' at 2026-11-21 07:52:37Z (spec.routes); it is left alone: remove it, or set blocking.kubernetes.name to another name.");
        world.Cluster.Names.ShouldBe([TargetWorld.Tls]);
        (await world.Inspect("203.0.113.7")).Drift!.ShouldContain("not made by devops-agent");
        (await world.Apply()).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        world.Cluster.Names.ShouldBe([TargetWorld.Tls]);
    }

    [Fact]
    public async Task A_field_that_the_cluster_drops_without_a_word_fails_the_block()
    {
        await using var world = new TargetWorld();
        world.Cluster.UnknownField = "nativeLB";

        var result = await world.Apply("203.0.113.7");

        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain("does not hold what was written (spec.routes[0].services[0].nativeLB)");
        world.Cluster.Names.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_an_earlier_way_left_is_removed_by_the_next()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        world.Layout = TargetWorld.Standard with { Way = BlockingWay.TcpRoutes, TcpEntryPoints = ["mqtt"] };

        await using var next = world.Start();
        (await world.Apply("203.0.113.7")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);

        world.Cluster.Names.ShouldBe(["IngressRouteTCP traefik/devops-agent-deny", "MiddlewareTCP traefik/devops-agent-deny", "Service traefik/devops-agent-deny-blackhole"]);
        world.Cluster["IngressRouteTCP traefik/devops-agent-deny"]!["spec"]!.ToJsonString().ShouldBe("""{"entryPoints":["mqtt"],"routes":[{"match":"ClientIP(\u0060203.0.113.7\u0060)","priority":2147482647,"middlewares":[{"name":"devops-agent-deny"}],"services":[{"name":"devops-agent-deny-blackhole","port":9,"nativeLB":true}]}]}""");
    }

    [Fact]
    public async Task Only_what_this_agent_made_is_removed()
    {
        await using var world = new TargetWorld();
        world.Cluster.Put("kustomize", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"devops-agent","namespace":"traefik","labels":{"app.kubernetes.io/managed-by":"devops-agent"}},"spec":{}}""");
        world.Cluster.Put("devops-agent", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"other","namespace":"traefik","labels":{"app.kubernetes.io/managed-by":"devops-agent","app.kubernetes.io/component":"deny","app.kubernetes.io/instance":"second-agent"}},"spec":{}}""");

        await world.Apply("203.0.113.7");
        await world.Apply();

        world.Cluster.Names.ShouldBe(["Service traefik/devops-agent", "Service traefik/other"]);
    }

    [Fact]
    public async Task A_cluster_that_is_down_is_said_and_not_taken_for_an_empty_one()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7");
        world.Cluster.Before = static _ => throw new KubernetesException(KubernetesFault.Unavailable, "context fake: no answer.");

        (await world.Inspect("203.0.113.7")).ShouldBe(new TargetState(false, "context fake: no answer."));
        (await world.Apply("203.0.113.7", "203.0.113.9")).Outcome.ShouldBe(TargetOutcome.Failed);

        world.Cluster.Before = null;
        (await world.Inspect("203.0.113.7")).Drift.ShouldBeNull();
    }

    [Fact]
    public async Task More_than_the_cap_is_not_written_at_all()
    {
        await using var world = new TargetWorld { MaxRanges = 2 };
        world.Start();
        await world.Apply("203.0.113.7", "203.0.113.9");

        var result = await world.Apply("203.0.113.7", "203.0.113.9", "203.0.113.11");

        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain("3 addresses and ranges would be denied");
        world.Denies("203.0.113.11").ShouldBeFalse();
        world.Denies("203.0.113.9").ShouldBeTrue();
    }

    [Fact]
    public async Task Where_the_way_is_right_no_longer_denials_can_still_be_lifted()
    {
        await using var world = new TargetWorld();
        await world.Apply("203.0.113.7", "203.0.113.9");
        world.Unclear = new LayoutException("Traefik no longer sees clients");
        world.Time.Advance(TimeSpan.FromMinutes(11));

        (await world.Apply("203.0.113.7", "203.0.113.9", "203.0.113.11")).Detail.ShouldBe("Traefik no longer sees clients.");
        (await world.Apply("203.0.113.7")).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        world.Denies("203.0.113.9").ShouldBeFalse();
        (await world.Apply()).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        world.Cluster.Names.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_plan_shows_the_objects_as_they_will_be_written()
    {
        await using var world = new TargetWorld();
        var text = world.Target.Render(TargetWorld.List("203.0.113.7"));

        text.ShouldStartWith("# IngressRoutes traefik/devops-agent-deny: Nothing here denies by address yet.\napiVersion: traefik.io/v1alpha1\nkind: Middleware\n");
        text.ShouldContain("\n      match: \"ClientIP(`203.0.113.7`)\"\n");
        text.ShouldContain("\n  tls: {}\n");
        world.Target.Render(DenyList.Empty).ShouldBe("");
        world.Cluster.Writes.ShouldBeEmpty();

        world.Unclear = new LayoutException("Two Traefiks\nhere");
        world.Start().Render(TargetWorld.List("203.0.113.7")).ShouldBe("# What would be written is not known: Two Traefiks?here\n");
    }
}
