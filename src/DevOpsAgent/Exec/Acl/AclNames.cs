namespace DevOpsAgent.Exec.Acl;

/// <summary>
/// The commands of one agent on one machine by name, for callers that may name a command and fill its templates, and nothing
/// else: "ops" for the only command of the entry "ops", "ops/2" for its second.
/// </summary>
internal sealed class AclNames
{
    private readonly Dictionary<string, AclMatch> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<AclCommand, string> _names = new(ReferenceEqualityComparer.Instance);

    public AclNames(ExecAcl acl, string agentId, string machineId)
    {
        foreach (var entry in acl.Allow.Where(e => e.IsFor(agentId, machineId)))
        {
            for (var i = 0; i < entry.Commands.Count; i++)
            {
                Add(entry, entry.Commands[i], (entry.Description ?? "command") + (entry.Commands.Count > 1 ? $"/{i + 1}" : ""));
            }
        }
    }

    /// <summary>In the order of the ACL.</summary>
    public IEnumerable<(string Name, AclMatch Match)> All => _byName.Select(static p => (p.Key, p.Value));

    public string? NameOf(AclCommand command) => _names.GetValueOrDefault(command);

    /// <summary>The argv of a named command with its templates filled in their order. False: the error says what is wrong.</summary>
    public bool TryFill(string name, IReadOnlyList<string> arguments, out string[] argv, out string error)
    {
        argv = [];
        if (!_byName.TryGetValue(name, out var match))
        {
            error = _byName.Count == 0 ? "the ACL allows no command here" : $"there is no command of this name; known are {string.Join(", ", _byName.Keys)}";
            return false;
        }

        var tokens = match.Command.Argv;
        var templates = tokens.Count(static t => t.IsTemplate);
        if (arguments.Count != templates)
        {
            error = $"'{name}' ({match.Command}) takes {templates} arguments, one for each template, not {arguments.Count}";
            return false;
        }

        var next = 0;
        argv = [.. tokens.Select(t => t.IsTemplate ? t.Literal + arguments[next++] : t.Text)];
        for (var i = 0; i < argv.Length; i++)
        {
            if (!tokens[i].Matches(argv[i]))
            {
                argv = [];
                error = $"an argument of '{name}' does not have the form {tokens[i].Text}";
                return false;
            }
        }

        error = "";
        return true;
    }

    /// <summary>The arguments that fill the templates of a matching argv.</summary>
    public static IEnumerable<string> Arguments(AclCommand command, IReadOnlyList<string> argv) =>
        command.Argv.Zip(argv).Where(static p => p.First.IsTemplate).Select(static p => p.First.Parameter(p.Second));

    // Descriptions may repeat; names may not.
    private void Add(AclEntry entry, AclCommand command, string name)
    {
        var free = name;
        for (var n = 2; !_byName.TryAdd(free, new(entry, command)); n++)
        {
            free = $"{name}~{n}";
        }

        _names.Add(command, free);
    }
}
