using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.Tests.Kubernetes.Client;

public sealed class NeededRightsTests
{
    [Fact]
    public void The_manifest_gives_what_doctor_asks_for_and_nothing_more()
    {
        var file = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../../../deploy/kubernetes/rbac.yaml"));
        var given = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var document in Regex.Split(File.ReadAllText(file), "^---$", RegexOptions.Multiline | RegexOptions.NonBacktracking))
        {
            YamlTree.TryRead(document, file, [], out var root).ShouldBeTrue();
            var entry = new KubeconfigEntry(file, (ConfigMap)root);
            foreach (var rule in entry.Items("rules"))
            {
                given.UnionWith(from g in rule.Texts("apiGroups") from r in rule.Texts("resources") from v in rule.Texts("verbs") select $"{entry.Text("kind")} {g}/{r} {v}");
            }
        }

        var needed = from n in NeededRights.All from r in n.Resources from v in n.Verbs select $"{(n.InNamespace ? "Role" : "ClusterRole")} {n.Group}/{r} {v}";
        given.ShouldBe(needed.Order(StringComparer.Ordinal));
    }

    private static string Here([CallerFilePath] string file = "") => file;
}
