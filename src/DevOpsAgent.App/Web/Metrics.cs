using DevOpsAgent.Logs.Sources;
using DevOpsAgent.Configuration;
using System.Globalization;
using System.Text;
using DevOpsAgent.App.Views;
using DevOpsAgent.Detection;
using DevOpsAgent.Logs;
using DevOpsAgent.Service;
using DevOpsAgent.Store;

namespace DevOpsAgent.App.Web;

/// <summary>The Prometheus text format, version 0.0.4. Labels come from fixed sets and configured paths, never from a log: cardinality is bounded.</summary>
internal static class Metrics
{
    public static string Render(WebParts parts)
    {
        var text = new StringBuilder(4096);
        var s = parts.Status.Current;
        Head("devops_agent_info", "gauge", "Version of the agent.");
        Line("devops_agent_info", 1, ("version", s.Version));
        One("devops_agent_start_time_seconds", "gauge", "Start of the process, Unix time.", s.StartedAt.ToUnixTimeSeconds());
        Head("devops_agent_mode", "gauge", "1 for the operating mode in force.");
        foreach (var mode in Enum.GetValues<Mode>())
        {
            Line("devops_agent_mode", s.Mode == mode ? 1 : 0, ("mode", IncidentView.Name(mode)));
        }

        One("devops_agent_lines_read_total", "counter", "Log lines read.", s.Lines);
        Head("devops_agent_lines_parsed_total", "counter", "Lines that gave an event, per format.");
        foreach (var format in Enum.GetValues<LogFormat>().Where(static f => f != LogFormat.Unknown))
        {
            Line("devops_agent_lines_parsed_total", s.Parsed.GetValueOrDefault(format), ("format", StatusApi.Format(format)));
        }

        Head("devops_agent_lines_unparsed_total", "counter", "Lines that gave no event, per reason.");
        foreach (var reason in Enum.GetValues<UnparsedReason>().Where(static r => r != UnparsedReason.None))
        {
            Line("devops_agent_lines_unparsed_total", s.Unparsed.GetValueOrDefault(reason), ("reason", LineStatistics.Label(reason)));
        }

        One("devops_agent_tracked_clients", "gauge", "Clients remembered by detection.", s.TrackedClients);
        One("devops_agent_evictions_total", "counter", "Clients forgotten because the memory cap was reached.", s.Evictions);
        Head("devops_agent_source_up", "gauge", "1 while the source is read.");
        foreach (var source in s.Sources)
        {
            Line("devops_agent_source_up", source.State == SourceState.Following ? 1 : 0, ("source", source.Source));
        }

        Head("devops_agent_source_lag_bytes", "gauge", "Bytes of the source not read yet.");
        foreach (var source in s.Sources)
        {
            Line("devops_agent_source_lag_bytes", source.LagBytes, ("source", source.Source));
        }

        One("devops_agent_target_reachable", "gauge", "1 while the block target can be written.", s.Target.Reachable ? 1 : 0);
        One("devops_agent_target_drift", "gauge", "1 while the target differs from what it should be.", s.Target.Drift is null ? 0 : 1);
        One("devops_agent_store_healthy", "gauge", "1 while the store can be written.", s.Store.Healthy ? 1 : 0);
        try
        {
            var counts = StatusApi.CountByStatus(parts.Store);
            parts.Store.ListBlocks(liveOnly: true, 1, 0, out var live);
            Head("devops_agent_incidents", "gauge", "Incidents in the store, per status.");
            foreach (var (status, count) in counts)
            {
                Line("devops_agent_incidents", count, ("status", status));
            }

            One("devops_agent_blocks_active", "gauge", "Blocks in force or about to be.", live);
        }
        catch (StoreException)
        {
            // The store is down: devops_agent_store_healthy and /readyz say so; the other figures still count.
        }

        return text.ToString();

        void Head(string name, string type, string help) => text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

        void One(string name, string type, string help, long value)
        {
            Head(name, type, help);
            text.Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }

        void Line(string name, long value, (string Key, string Value) label) =>
            text.Append(name).Append('{').Append(label.Key).Append("=\"").Append(Escape(label.Value)).Append("\"} ").Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Escape(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
