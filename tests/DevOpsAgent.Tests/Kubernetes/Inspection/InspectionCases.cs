using DevOpsAgent.Kubernetes.Inspection;

namespace DevOpsAgent.Tests.Kubernetes.Inspection;

/// <summary>The recorded clusters: a folder each with cluster/ and what is expected of it, byte for byte.</summary>
internal static class InspectionCases
{
    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "Cases", "kubernetes", "inspection");

    public static IEnumerable<string> Names => Directory.GetDirectories(Root).Select(static d => Path.GetFileName(d)!).Order(StringComparer.Ordinal);

    public static async Task<ClusterPicture> LookAsync(string name, string? list = null)
    {
        var cluster = await Recording.ReadAsync(Path.Combine(Root, name, "cluster"), CancellationToken.None);
        return await new ClusterInspector(cluster, list).InspectAsync(CancellationToken.None) with { Source = "case" };
    }

    /// <summary>From text as kubectl prints it.</summary>
    public static Task<ClusterPicture> LookAtAsync(string yaml, string? list = null) =>
        new ClusterInspector(Recording.Read(yaml, "case"), list).InspectAsync(CancellationToken.None);

    public static string Json(ClusterPicture picture) => PictureJson.Text(PictureJson.Of(picture, PictureLimits.Whole)) + "\n";
}
