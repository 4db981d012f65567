namespace DevOpsAgent.App.Cli;

/// <summary>Every command of the program. Help, completion scripts and the tests that walk the commands go by this table.</summary>
internal static class CommandTable
{
    /// <summary>What the nouns are, for their help.</summary>
    public static IReadOnlyDictionary<string, string> Nouns { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
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
