using System.Text.Json.Nodes;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>A file of Traefik's as a tree: YAML or TOML, by its name.</summary>
internal static class FileTree
{
    public static bool IsOne(string path) => Ends(path, ".yaml") || Ends(path, ".yml") || Ends(path, ".toml");

    /// <summary>False: not readable. An empty file is an empty tree. Never throws.</summary>
    public static bool TryRead(string path, string text, out JsonNode tree, out string problem)
    {
        tree = new JsonObject();
        if (Ends(path, ".toml"))
        {
            return TomlJson.TryRead(text, out tree, out problem);
        }

        if (!YamlJson.TryRead(text, out var documents, out problem))
        {
            return false;
        }

        tree = documents.Count == 0 ? tree : documents[0];
        return true;
    }

    private static bool Ends(string path, string end) => path.EndsWith(end, StringComparison.OrdinalIgnoreCase);
}
