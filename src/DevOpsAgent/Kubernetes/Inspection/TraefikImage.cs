using System.Buffers;
using System.Globalization;

namespace DevOpsAgent.Kubernetes.Inspection;

/// <summary>What the name of a container image tells: "docker.io/library/traefik:v3.7.9@sha256:..." is traefik 3.7.9.</summary>
internal static class TraefikImage
{
    /// <summary>The last part of the path, without tag and digest.</summary>
    public static string Name(string image)
    {
        var last = Untagged(image, out _);
        return last[(last.LastIndexOf('/') + 1)..];
    }

    private static readonly SearchValues<char> Numeric = SearchValues.Create("0123456789.");

    /// <summary>"3.7.9" of the tags "v3.7.9", "3.7.9-alpine"; the cheese names of old ones and "latest" tell nothing. Empty then.</summary>
    public static string Version(string image)
    {
        Untagged(image, out var tag);
        var text = tag.TrimStart('v');
        var end = text.AsSpan().IndexOfAnyExcept(Numeric);
        text = (end < 0 ? text : text[..end]).Trim('.');
        return text.Length is > 0 and < 20 ? text : "";
    }

    public static int? Major(string version) => Part(version, 0);

    public static int? Minor(string version) => Part(version, 1);

    private static int? Part(string version, int index)
    {
        var parts = version.Split('.');
        return parts.Length > index && int.TryParse(parts[index], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    private static string Untagged(string image, out string tag)
    {
        var digest = image.IndexOf('@', StringComparison.Ordinal);
        image = digest < 0 ? image : image[..digest];
        var colon = image.LastIndexOf(':');
        var tagged = colon > image.LastIndexOf('/');
        tag = tagged ? image[(colon + 1)..] : "";
        return tagged ? image[..colon] : image;
    }
}
