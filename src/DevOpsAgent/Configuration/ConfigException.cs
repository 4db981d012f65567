namespace DevOpsAgent.Configuration;

/// <summary>One thing wrong in a configuration, rule or list file: where (file, line, column; 0 = unknown), what, and what to do.</summary>
internal sealed record ConfigProblem(string File, int Line, int Column, string Message)
{
    public override string ToString() => Line > 0 ? $"{File}:{Line}:{Column}: {Message}" : $"{File}: {Message}";
}

/// <summary>The configuration can't be used; all problems that were found at once. Exit code 2.</summary>
internal sealed class ConfigException(IReadOnlyList<ConfigProblem> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<ConfigProblem> Problems { get; } = problems;
}
