using System.Text.Json.Nodes;

namespace DevOpsAgent.Bench;

/// <param name="Agent">The published devops-agent executable.</param>
/// <param name="Samples">The folder with the recordings.</param>
/// <param name="Cache">Where generated logs are kept between runs.</param>
/// <param name="Rounds">0 = the benchmark's own.</param>
/// <param name="Lines">Size of the generated logs.</param>
internal sealed record BenchOptions(string Agent, string Samples, string Cache, int Rounds, int Lines);

/// <summary>Figures of several rounds. Median is what is quoted; spread is (max - min) / median.</summary>
internal static class Figures
{
    public static double Median(IReadOnlyList<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? double.NaN : sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }

    public static double Spread(IReadOnlyList<double> values) => Math.Round((values.Max() - values.Min()) / Median(values), 3);

    public static double Percentile(IReadOnlyList<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    public static JsonArray Array(IEnumerable<double> values) => [.. values.Select(static v => (JsonNode)Math.Round(v, 3))];
}
