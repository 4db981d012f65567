namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>One line of a list of a policy.</summary>
/// <param name="Text">As written; also the reason that a violation gives.</param>
/// <param name="Values">What it stands for: mostly one, several for @runtime, localhost, a bare program name, or a path and what it links to.</param>
/// <param name="Line">In the policy file, from 1.</param>
internal sealed record PolicyRule<T>(string Text, IReadOnlyList<T> Values, int Line, int Column = 1);
