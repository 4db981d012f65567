using System.Text.Json;
using System.Text.Json.Nodes;

namespace DevOpsAgent.Agent.Results;

/// <summary>
/// Many hits as few groups of alike ones, largest first. Says how many hits it was given, how many the groups stand for, and
/// how many were left out.
/// </summary>
internal sealed class HitGroups
{
    private readonly Dictionary<ulong, Group> _groups = [];
    private readonly HitRow _row = new();
    private int _hits;
    private int _others;

    public void Add(JsonElement hit)
    {
        _row.Read(hit);
        _hits++;
        _others = Math.Max(_others, _row.Others);
        var key = _row.GroupKey();
        if (!_groups.TryGetValue(key, out var group))
        {
            _groups.Add(key, group = new(_row.Cells.ToArray(), _hits));
        }

        group.Count++;
        group.Last = _row.Cells[(int)LogColumn.Time];
    }

    /// <param name="most">Groups that are shown.</param>
    /// <param name="shown">How many there are.</param>
    public JsonObject Tree(int most, out int shown)
    {
        var groups = _groups.Values.OrderByDescending(static g => g.Count).ThenBy(static g => g.Place).Take(most).ToList();
        var rows = new JsonArray();
        var covered = 0;
        foreach (var group in groups)
        {
            var row = new JsonArray(group.Count, HitTable.Value(group.Last));
            foreach (var cell in group.First)
            {
                row.Add(HitTable.Value(cell));
            }

            rows.Add((JsonNode)row);
            covered += group.Count;
        }

        shown = groups.Count;
        return new()
        {
            ["note"] = "Alike hits are one row: count, time of the last one in the order of the answer, then the first one. Numbers in paths and what follows ? may differ.",
            ["hits_in_answer"] = _hits,
            ["hits_in_rows"] = covered,
            ["hits_left_out"] = _hits - covered,
            ["groups_left_out"] = _groups.Count - groups.Count,
            ["fields_left_out"] = _others,
            ["columns"] = new JsonArray(["count", "last_time", .. LogColumns.Names.Select(static n => (JsonNode)n)]),
            ["rows"] = rows,
        };
    }

    private sealed class Group(JsonElement[] first, int place)
    {
        public JsonElement[] First => first;

        public int Place => place;

        public int Count { get; set; }

        public JsonElement Last { get; set; }
    }
}
