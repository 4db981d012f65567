using System.Text.Json.Nodes;

namespace DevOpsAgent.Configuration;

/// <summary>The list of logs: each a path alone, or a group of keys with path among them.</summary>
internal sealed class LogsType : KeyType<IReadOnlyList<LogConfig>>
{
    public override bool IsList => true;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out IReadOnlyList<LogConfig> value)
    {
        value = [];
        if (node is ConfigScalar { IsNull: true })
        {
            return true;
        }

        if (node is not ConfigList list)
        {
            reader.Report(node, $"'{key}' must be a list, as '- path: /var/log/traefik/access.log', not {KeyReader.Kind(node)}");
            return false;
        }

        var logs = new List<LogConfig>();
        var fine = true;
        foreach (var item in list.Items)
        {
            var log = new LogConfig { Path = "" };
            var map = item as ConfigMap ?? new ConfigMap([new(new("path", true, item.Line, item.Column), item)], item.Line, item.Column);
            if (!ConfigKeys.Log.TryRead(map, "", reader, ref log, null))
            {
                fine = false;
            }
            else if (log.Path.Length == 0)
            {
                reader.Report(item, $"this entry of '{key}' has no 'path'; add one, or '-' for standard input");
                fine = false;
            }
            else if (logs.Exists(l => l.Path == log.Path))
            {
                reader.Report(item, $"'{log.Path}' stands twice in '{key}'; it would be counted twice");
                fine = false;
            }
            else
            {
                logs.Add(log);
            }
        }

        value = logs;
        return fine;
    }

    public override JsonNode? Show(IReadOnlyList<LogConfig> value) => new JsonArray([.. value.Select(static log =>
        (JsonNode)new JsonObject(ConfigKeys.Log.Keys.Select(key => KeyValuePair.Create(key.Path, key.Show(log)))))]);
}
