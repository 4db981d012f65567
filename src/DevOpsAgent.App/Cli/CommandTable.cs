namespace DevOpsAgent.App.Cli;

/// <summary>Every command of the program. Help, completion scripts and the tests that walk the commands go by this table.</summary>
internal static class CommandTable
{
    /// <summary>What the nouns are, for their help.</summary>
    public static IReadOnlyDictionary<string, string> Nouns { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["incidents"] = "List, show and decide incidents",
        ["blocks"] = "List, add and end blocks",
        ["allowlist"] = "Manage what is never blocked",
        ["mode"] = "Show and change the operating mode at run time",
        ["tools"] = "List what can be changed, and who judges it",
        ["rules"] = "List, show and test detection rules",
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
        new("demo", DemoCommand.Build, "devops-agent demo", "devops-agent demo --no-wait"),
        new("doctor", DoctorCommand.Build, "devops-agent doctor --config config.yaml", "devops-agent doctor --log /var/log/traefik/access.log"),
        new("scan", ScanCommand.Build, "devops-agent scan /var/log/traefik/access.log", "devops-agent scan access.log.2.gz access.log --json"),
        new("replay", ReplayCommand.Build, "devops-agent replay samples/recording-a/access.jsonl.gz --labels samples/recording-a/labels.json"),
        new("explain", Explain.ExplainCommand.Build,
            "devops-agent explain 203.0.113.7 --log access.log",
            "devops-agent explain \"$(tail -1 access.log)\" --log access.log"),
        new("rules list", Rules.ListCommand.Build, "devops-agent rules list"),
        new("rules show", Rules.ShowCommand.Build, "devops-agent rules show secret-files"),
        new("rules test", Rules.TestCommand.Build, "devops-agent rules test tests/rules"),
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
        new("allowlist list", AllowlistCommands.ListCommand.Build, "devops-agent allowlist list"),
        new("allowlist add", AllowlistCommands.AddCommand.Build,
            "devops-agent allowlist add 203.0.113.0/24 -d 'our office'",
            "devops-agent allowlist add monitor.example.org --expires 30d"),
        new("allowlist remove", AllowlistCommands.RemoveCommand.Build, "devops-agent allowlist remove 203.0.113.0/24", "devops-agent allowlist remove 3"),
        new("allowlist check", AllowlistCommands.CheckCommand.Build, "devops-agent allowlist check 203.0.113.7"),
        new("allowlist import", AllowlistCommands.ImportCommand.Build, "devops-agent allowlist import allowlist.csv", "devops-agent allowlist import - --partial"),
        new("allowlist export", AllowlistCommands.ExportCommand.Build, "devops-agent allowlist export > allowlist.csv"),
        new("mode show", ModeCommands.ShowCommand.Build, "devops-agent mode show"),
        new("mode set", ModeCommands.SetCommand.Build, "devops-agent mode set auto"),
        new("tools list", ToolCommands.ListCommand.Build, "devops-agent tools list", "devops-agent tools list --json"),
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
