using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

/// <summary>Where Traefik takes its configuration from, and what its options mean.</summary>
public sealed class StaticConfigurationTests
{
    [Fact]
    public void Arguments_compare_without_case_and_keep_the_first_spelling()
    {
        var options = StaticOptions.OfArguments(["--entryPoints.webSecure.address=:443", "--ENTRYPOINTS.websecure.http.tls", "--providers.kubernetescrd.namespaces=b", "--providers.kubernetesCRD.namespaces", "a,b", "--x=1", "--x=2"]);
        options.Below("entrypoints").ShouldBe(["webSecure"]);
        options.Get("entrypoints.websecure.address").ShouldBe(":443");
        options.IsTrue("entrypoints.websecure.http.tls").ShouldBeTrue();
        options.List("providers.kubernetescrd.namespaces").ShouldBe(["a", "b"]);
        options.Get("x").ShouldBe("2");
    }

    [Fact]
    public async Task A_file_comes_before_arguments_and_arguments_before_the_environment()
    {
        var settings = await SettingsAsync("""
            args: [--configfile=/config/t.yaml, --providers.kubernetesingress]
            env: [{name: TRAEFIK_PROVIDERS_KUBERNETESGATEWAY, value: "true"}]
            volumeMounts: [{name: c, mountPath: /config}]
            """);
        settings.Crd.Enabled.ShouldBeTrue();
        settings.Ingress.Enabled.ShouldBeFalse();
        settings.ReadFrom.ShouldBe("ConfigMap edge/config, key t.yaml");
        settings.Remarks.ShouldContain(static r => r.Contains("ignores its other arguments"));
        settings.AccessLog.ShouldBe(new AccessLog(true, "json", "", true, true));
        settings.Crd.LabelSelector.ShouldBe("a=b");
        settings.EntryPoints.Single().Port.ShouldBe(8080);
    }

    [Fact]
    public async Task The_environment_counts_where_there_is_nothing_else()
    {
        var settings = await SettingsAsync("""
            env:
            - {name: TRAEFIK_ENTRYPOINTS_WEB_ADDRESS, value: ":8000"}
            - {name: TRAEFIK_PROVIDERS_KUBERNETESCRD, value: "true"}
            - {name: TRAEFIK_PROVIDERS_KUBERNETESCRD_INGRESSCLASS, valueFrom: {configMapKeyRef: {name: config, key: class}}}
            """);
        settings.ReadFrom.ShouldBe("environment");
        settings.EntryPoints.Single().Name.ShouldBe("web");
        settings.Crd.IngressClass.ShouldBe("inner");
        settings.Known.ShouldBeTrue();
    }

    [Fact]
    public async Task A_file_that_can_not_be_seen_leaves_everything_assumed()
    {
        var settings = await SettingsAsync("args: [--configfile=/on/the/node.toml]");
        settings.Known.ShouldBeFalse();
        settings.Remarks[0].ShouldContain("/on/the/node.toml");
        settings.EntryPoints.Select(static p => p.Name).ShouldBe(["web", "websecure"]);
    }

    [Theory]
    [InlineData("traefik:v3.7.9", "3.7.9", 3)]
    [InlineData("docker.io/library/traefik:2.11-alpine", "2.11", 2)]
    [InlineData("registry:5000/traefik", "", null)]
    [InlineData("traefik:latest", "", null)]
    [InlineData("traefik:saintmarcelin", "", null)]
    [InlineData("traefik@sha256:00", "", null)]
    public void The_version_is_that_of_the_image(string image, string version, int? major)
    {
        TraefikImage.Version(image).ShouldBe(version);
        TraefikImage.Major(TraefikImage.Version(image)).ShouldBe(major);
        TraefikImage.Name(image).ShouldBe("traefik");
    }

    [Theory]
    [InlineData("a=b,c", true)]
    [InlineData("a in (x,b), c", true)]
    [InlineData("a==b,!d,z!=1", true)]
    [InlineData("a notin (b)", false)]
    [InlineData("d", false)]
    [InlineData("a near (b)", false)]
    public void Label_selectors(string text, bool matches) =>
        LabelSelector.OfText(text).Matches(new Dictionary<string, string>(StringComparer.Ordinal) { ["a"] = "b", ["c"] = "" }).ShouldBe(matches);

    private static async Task<TraefikSettings> SettingsAsync(string container)
    {
        const string Yaml = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: config, namespace: edge}
            data:
              class: inner
              t.yaml: |
                entryPoints: {web: {address: ":8080"}}
                providers: {kubernetesCRD: {labelSelector: a=b}}
                accessLog: {format: json, addInternals: true, fields: {headers: {defaultMode: keep}}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: t, namespace: edge}
            spec:
              template:
                spec:
                  volumes: [{name: c, configMap: {name: config}}]
                  containers:
                  - name: sidecar
                    image: traefik/whoami
                  - name: proxy
                    image: traefik:v3.7.9

            """;
        return (await InspectionCases.LookAtAsync(Yaml + string.Concat(container.Split('\n').Select(static l => $"\n        {l}")))).Edges.Single().Settings;
    }
}
