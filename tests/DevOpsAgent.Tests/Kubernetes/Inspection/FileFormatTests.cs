using System.Text.Json.Nodes;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Inspection;
using FsCheck;
using FsCheck.Fluent;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

/// <summary>YAML, TOML and recordings as JSON.</summary>
public sealed class FileFormatTests
{
    [Fact]
    public void Yaml_as_kubectl_prints_it()
    {
        YamlJson.TryRead("a: 1\nb: \"1\"\nc: yes\nd: true\ne: ~\nf: 010\ng: [x, {h: i}]\n---\n# nothing\n---\nb: &x {k: v}\nc: *x\n", out var documents, out var problem).ShouldBeTrue(problem);
        documents.Select(static d => d.ToJsonString()).ShouldBe(["""{"a":1,"b":"1","c":"yes","d":true,"e":null,"f":"010","g":["x",{"h":"i"}]}""", """{"b":{"k":"v"},"c":{"k":"v"}}"""]);
    }

    [Fact]
    public void Aliases_of_aliases_do_not_fill_the_memory()
    {
        var yaml = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 12).Select(static i => $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        YamlJson.TryRead(yaml, out _, out var problem).ShouldBeFalse();
        problem.ShouldContain("too many values");
    }

    [Fact]
    public void Toml_as_traefik_reads_it()
    {
        const string Toml = """
            # static
            [entryPoints]
              [entryPoints.web]
                address = ":80" # plain
              [entryPoints."web.secure"]
                address = ':443'
                [entryPoints."web.secure".forwardedHeaders]
                  trustedIPs = [
                    "10.0.0.0/8", # lan
                    "192.168.0.0/16",
                  ]
            [[tls]]
            store = {a.b = 1, c = true}
            [[tls]]
            text = '''
            two
            lines'''
            """;
        TomlJson.TryRead(Toml, out var tree, out var problem).ShouldBeTrue(problem);
        tree.ToJsonString().ShouldBe("""{"entryPoints":{"web":{"address":":80"},"web.secure":{"address":":443","forwardedHeaders":{"trustedIPs":["10.0.0.0/8","192.168.0.0/16"]}}},"tls":[{"store":{"a":{"b":1},"c":true}},{"text":"two\nlines"}]}""");
    }

    [Theory]
    [InlineData("a = ")]
    [InlineData("[a\nb = 1")]
    [InlineData("a = [1, 2")]
    [InlineData("a = \"x")]
    [InlineData("a = 1\na.b = 2")]
    public void Bad_toml_names_its_line(string toml)
    {
        TomlJson.TryRead(toml, out _, out var problem).ShouldBeFalse();
        problem.ShouldStartWith("line ");
    }

    [Fact]
    public void No_text_throws() => Prop.ForAll(ArbMap.Default.ArbFor<string?>(), static text =>
    {
        TomlJson.TryRead(text ?? "", out _, out _);
        TomlJson.TryRead($"a = [\"{text}\", {{{text} = {text}}}]", out _, out _);
        YamlJson.TryRead(text ?? "", out _, out _);
        AddressTexts.ReadLines(text ?? "");
        ShownText.Of(text, 20).Length.ShouldBeLessThanOrEqualTo(45);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("{\"kind\": \"List\", \"items\": [", "can't be read")]
    [InlineData("a: [", "can't be read")]
    [InlineData("just words", "holds no object")]
    [InlineData("{\"kind\": 7, \"kind\": 8}", "can't be read")]
    public void A_recording_that_is_none_is_refused_by_name(string text, string message)
    {
        var e = Should.Throw<KubernetesException>(() => Recording.Read(text, "x.json"));
        e.Fault.ShouldBe(KubernetesFault.Configuration);
        e.Message.ShouldContain("x.json");
        e.Message.ShouldContain(message);
    }

    [Fact]
    public async Task A_recorded_refusal_is_a_gap()
    {
        const string Exchanges = """
            [{"method": "GET", "path": "/apis/networking.k8s.io/v1/networkpolicies?limit=500", "status": 403, "response": {"message": "no"}},
             {"method": "GET", "path": "/apis/traefik.io/v1alpha1/middlewares", "status": 200, "response": {"apiVersion": "traefik.io/v1alpha1", "kind": "MiddlewareList", "items": []}}]
            """;
        var picture = await new ClusterInspector(RecordingOf(Exchanges)).InspectAsync(TestContext.Current.CancellationToken);
        picture.Gaps.Single(static g => g.What == "networkpolicies.networking.k8s.io").Reason.ShouldBe(GapReason.Forbidden);
        picture.Gaps.ShouldNotContain(static g => g.What == "middlewares.traefik.io");
    }

    // Exchanges alone hold no object, which a file of nothing else would be refused for.
    private static RecordedCluster RecordingOf(string exchanges) =>
        Recording.Read(exchanges.TrimEnd()[..^1] + ", " + new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = "default" } }.ToJsonString() + "]", "x");
}
