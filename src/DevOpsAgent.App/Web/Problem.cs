using System.Text.Json.Serialization;

namespace DevOpsAgent.App.Web;

/// <summary>
/// The body of every error: RFC 9457 problem details, plus what to do next and, for a bad value, its field.
/// </summary>
internal sealed record Problem
{
    public required string Type { get; init; }
    public required string Title { get; init; }
    public required int Status { get; init; }
    public required string Detail { get; init; }

    /// <summary>What to do about it.</summary>
    public required string WhatToDo { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Field { get; init; }
}

/// <summary>Ends the handling of a request with a problem.</summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    public Problem Problem { get; } = problem;

    public static ProblemException Of(int status, string kind, string title, string detail, string whatToDo, string? field = null) => new(new()
    {
        Type = "urn:devops-agent:problem:" + kind,
        Title = title,
        Status = status,
        Detail = detail,
        WhatToDo = whatToDo,
        Field = field,
    });

    public static ProblemException BadField(string field, string detail, string whatToDo) =>
        Of(400, "bad-value", "A value is not valid", detail, whatToDo, field);

    public static ProblemException NotFound(string what, string whatToDo) => Of(404, "not-found", "Not found", what, whatToDo);
}
