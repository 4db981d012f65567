namespace DevOpsAgent.Logs.Query;

/// <summary>A query that may be sent: our tree, and the JSON written from it.</summary>
/// <param name="Index">Within the allowed pattern.</param>
/// <param name="Notes">What was changed, for whoever wrote the query.</param>
internal sealed record CheckedQuery(string Index, SearchRequest Request, byte[] Body, IReadOnlyList<string> Notes);

/// <summary>What is wrong with a query, each with what to write instead.</summary>
internal sealed record QueryProblems(IReadOnlyList<string> Problems)
{
    public override string ToString() => string.Join(" ", Problems);
}
