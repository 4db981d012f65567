using System.Text.Json.Nodes;
using DevOpsAgent.Configuration;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>The group <c>processes</c>: a name, and below it what that process may do.</summary>
internal sealed class ProcessesType(KeyTable<ProcessPolicy> table) : KeyType<IReadOnlyList<ProcessPolicy>>
{
    private const int MaxName = 100;

    public override bool TryRead(ConfigNode node, string key, KeyReader reader, out IReadOnlyList<ProcessPolicy> value)
    {
        value = [];
        if (node is ConfigScalar { IsNull: true })
        {
            return true; // said below: no processes
        }

        if (node is not ConfigMap map)
        {
            reader.Report(node, $"'{key}' must be a group: the name of a process, and indented below it what it may do; not {KeyReader.Kind(node)}");
            return false;
        }

        var policies = new List<ProcessPolicy>(map.Entries.Count);
        var fine = true;
        foreach (var (name, rules) in map.Entries)
        {
            var policy = new ProcessPolicy { Name = name.Value, Line = name.Line };
            if (name.Value.Length is 0 or > MaxName || name.Value.Any(static c => char.IsControl(c) || c is '/' or ' '))
            {
                reader.Report(name, $"the name of a process must have 1 to {MaxName} characters, and neither '/' nor space; paths go to 'exe:' below it");
                fine = false;
            }
            else if (rules is ConfigMap group)
            {
                fine &= table.TryRead(group, "", reader, ref policy, null);
                policies.Add(policy);
            }
            else if (rules is ConfigScalar { IsNull: true })
            {
                policies.Add(policy);
            }
            else
            {
                reader.Report(rules, $"'{name.Value}' must be a group of keys, as 'allowed_files: [/etc/hosts]', not {KeyReader.Kind(rules)}");
                fine = false;
            }
        }

        value = policies;
        return fine;
    }

    public override JsonNode? Show(IReadOnlyList<ProcessPolicy> value) => new JsonArray([.. value.Select(static p => (JsonNode)p.Name)]);
}
