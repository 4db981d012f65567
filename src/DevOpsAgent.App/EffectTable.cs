namespace DevOpsAgent.App;

/// <summary>
/// What each command and endpoint can change, by the tools that it goes through; an empty list only reads. A test holds it
/// against all commands, endpoints and tools: a new one must say here what it is.
/// </summary>
internal static class EffectTable
{
    private static readonly string[] ReadOnly = [];

    /// <summary>Writes key and trust files of whoever calls it, with that person's rights: what the gateway itself rests on.</summary>
    private static readonly string[] OwnFiles = [];

    /// <summary>By the words of the command; "" is the service itself.</summary>
    public static IReadOnlyDictionary<string, string[]> Commands { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [""] = ["decide_incident", "block_client", "unblock"],
        ["demo"] = ["decide_incident", "block_client"],
        ["doctor"] = ReadOnly,
        ["scan"] = ReadOnly,
        ["replay"] = ReadOnly,
        ["explain"] = ReadOnly,
        ["inspect"] = ReadOnly,
        ["ask"] = ReadOnly,
        ["logs query"] = ReadOnly,
        ["logs ingest"] = OwnFiles,
        ["logs serve"] = ReadOnly,
        ["rules list"] = ReadOnly,
        ["rules show"] = ReadOnly,
        ["rules test"] = ReadOnly,
        ["incidents list"] = ReadOnly,
        ["incidents show"] = ReadOnly,
        ["incidents approve"] = ["decide_incident", "block_client"],
        ["incidents reject"] = ["decide_incident"],
        ["incidents undo"] = ["decide_incident"],
        ["blocks list"] = ReadOnly,
        ["blocks add"] = ["block_client"],
        ["blocks remove"] = ["unblock", "decide_incident"],
        ["blocks export"] = ReadOnly,
        ["allowlist list"] = ReadOnly,
        ["allowlist add"] = ["allow_address"],
        ["allowlist remove"] = ["remove_allowlist_entry"],
        ["allowlist check"] = ReadOnly,
        ["allowlist import"] = ["import_allowlist"],
        ["allowlist export"] = ReadOnly,
        ["mode show"] = ReadOnly,
        ["mode set"] = ["set_mode"],
        ["tools list"] = ReadOnly,
        ["receipts list"] = ReadOnly,
        ["receipts show"] = ReadOnly,
        ["receipts verify"] = ReadOnly,
        ["behaviour show"] = ReadOnly,
        ["behaviour reset"] = ["reset_behaviour"],
        ["exec check"] = ReadOnly,
        ["exec serve"] = ["run_command"],
        ["exec run"] = ["run_command"],
        ["exec sessions"] = ReadOnly,
        ["exec cancel"] = ["run_command"], // ends early what it permitted; its receipt and the audit tell by whom
        ["exec identity new"] = OwnFiles,
        ["exec identity show"] = ReadOnly,
        ["exec trust add"] = OwnFiles,
        ["exec trust list"] = ReadOnly,
        ["exec trust remove"] = OwnFiles,
        ["guard run"] = ["kill_process", "isolate_network", "set_guard_mode"], // what the kernel refuses a process is no effect of ours
        ["guard check"] = ReadOnly,
        ["guard simulate"] = ReadOnly,
        ["guard learn"] = OwnFiles,
        ["guard status"] = ReadOnly,
        ["guard mode"] = ["set_guard_mode"],
        ["audit show"] = ReadOnly,
        ["audit verify"] = ReadOnly,
        ["mcp"] = ["block_client", "unblock", "decide_incident", "allow_address", "remove_allowlist_entry", "import_allowlist", "set_mode", "reset_behaviour"],
        ["config check"] = ReadOnly,
        ["config show"] = ReadOnly,
        ["completion bash"] = ReadOnly,
        ["completion zsh"] = ReadOnly,
        ["completion fish"] = ReadOnly,
    };

    /// <summary>By method and pattern, those that change something.</summary>
    public static IReadOnlyDictionary<string, string[]> Endpoints { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["POST /api/incidents/{id}/approve"] = ["decide_incident"],
        ["POST /api/incidents/{id}/reject"] = ["decide_incident"],
        ["POST /api/incidents/{id}/undo"] = ["decide_incident"],
        ["POST /api/incidents/bulk"] = ["decide_incident"],
        ["POST /api/blocks"] = ["block_client"],
        ["DELETE /api/blocks/{id}"] = ["unblock"],
        ["POST /api/allowlist"] = ["allow_address"],
        ["PUT /api/allowlist/{id}"] = ["allow_address"],
        ["DELETE /api/allowlist/{id}"] = ["remove_allowlist_entry"],
        ["POST /api/allowlist/import"] = ["import_allowlist"],
        ["PUT /api/mode"] = ["set_mode"],
    };

    /// <summary>Commands and endpoints that go through a tool.</summary>
    public static IReadOnlyList<string> UsersOf(string tool) =>
    [
        .. Commands.Where(c => c.Value.Contains(tool)).Select(static c => c.Key.Length == 0 ? "devops-agent" : "devops-agent " + c.Key),
        .. Endpoints.Where(e => e.Value.Contains(tool)).Select(static e => e.Key),
    ];
}
