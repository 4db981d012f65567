namespace DevOpsAgent.App.Cli;

/// <summary>Every command of the program. Help, completion scripts and the tests that walk the commands go by this table.</summary>
internal static class CommandTable
{
    /// <summary>What the nouns are, for their help.</summary>
    public static IReadOnlyDictionary<string, string> Nouns { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["incidents"] = "List, show and decide incidents",
        ["blocks"] = "List, add and end blocks",
        ["config"] = "Check and show the configuration",
        ["completion"] = "Completion scripts for shells",
    };

    public static IReadOnlyList<string> RootExamples { get; } =
    [
        "devops-agent --log /var/log/traefik/access.log --serve-spa",
        "devops-agent --config /etc/devops-agent/config.yaml --mode review",
        "tail -F access.log | devops-agent --log -",
    ];

    public static IReadOnlyList<CommandEntry> All { get; } =
    [
        new("incidents list", Incidents.ListCommand.Build,
            "devops-agent incidents list",
            "devops-agent incidents list --status recommended --severity high -o json",
            "devops-agent incidents list -w"),
        new("incidents show", Incidents.ShowCommand.Build, "devops-agent incidents show 7", "devops-agent incidents show 7 --samples 20"),
        new("incidents approve", Incidents.ApproveCommand.Build, "devops-agent incidents approve 7 8", "devops-agent incidents approve 7 --ttl 1d --by ada"),
        new("incidents reject", Incidents.RejectCommand.Build, "devops-agent incidents reject 7 --note 'our own scanner'"),
        new("incidents undo", Incidents.UndoCommand.Build, "devops-agent incidents undo 7"),
        new("blocks list", Blocks.ListCommand.Build, "devops-agent blocks list", "devops-agent blocks list --all -o json"),
        new("blocks add", Blocks.AddCommand.Build, "devops-agent blocks add 203.0.113.7 --ttl 1d --reason 'abuse report'"),
        new("blocks remove", Blocks.RemoveCommand.Build, "devops-agent blocks remove 12", "devops-agent blocks remove 203.0.113.0/24"),
        new("blocks export", Blocks.ExportCommand.Build, "devops-agent blocks export > devops-agent.yaml"),
        new("config check", Config.CheckCommand.Build,
            "devops-agent config check --config config.yaml",
            "devops-agent config check --config config.yaml --json"),
        new("config show", Config.ShowCommand.Build,
            "devops-agent config show --config config.yaml",
            "DEVOPS_AGENT_MODE=auto devops-agent config show -o json"),
        new("completion bash", Completion.BashCommand.Build, "source <(devops-agent completion bash)"),
        new("completion zsh", Completion.ZshCommand.Build, "source <(devops-agent completion zsh)"),
        new("completion fish", Completion.FishCommand.Build, "devops-agent completion fish | source"),
    ];
}
