namespace DevOpsAgent.Configuration;

/// <summary>Reads values of one source (a file, a variable, a flag) and collects what is wrong with them.</summary>
/// <param name="source">File name, "DEVOPS_AGENT_MODE" or "--mode": the first word of each problem.</param>
/// <param name="variables">For ${NAME}; null where texts are taken as they are (variables and flags).</param>
internal sealed class KeyReader(string source, IReadOnlyDictionary<string, string>? variables, List<ConfigProblem> problems)
{
    public string Source { get; } = source;

    public void Report(ConfigNode at, string message) => problems.Add(new(Source, at.Line, at.Column, message));

    /// <summary>The text with its variables replaced. False: no text, or a variable is missing; reported.</summary>
    public bool TryText(ConfigNode node, string key, string expects, out string text)
    {
        text = "";
        if (node is not ConfigScalar written)
        {
            Report(node, $"'{key}' {expects}, not {Kind(node)}");
            return false;
        }

        text = written.Value;
        if (variables is null || Interpolation.TryExpand(written.Value, variables, out text, out var error))
        {
            return true;
        }

        Report(node, $"'{key}' {error}");
        return false;
    }

    public static string Kind(ConfigNode node) => node switch
    {
        ConfigList => "a list",
        ConfigMap => "a group of keys",
        ConfigScalar { IsNull: true } => "nothing",
        _ => "a single value",
    };
}
