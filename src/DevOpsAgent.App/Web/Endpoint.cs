namespace DevOpsAgent.App.Web;

/// <summary>
/// An Endpoint is one row of the API's table: the routes, the tests of the guards and the OpenAPI document's test all walk
/// <see cref="All"/>.
/// </summary>
/// <param name="Effect">What a call can change; everything but <see cref="Effect.None"/> passes the write guards.</param>
/// <param name="MaxBody">Bytes of body that are read at most.</param>
internal sealed record Endpoint(string Method, string Pattern, Effect Effect, Func<WebCall, Task> Handle, int MaxBody = 64 * 1024)
{
    public static IReadOnlyList<Endpoint> All { get; } =
    [
        .. IncidentsApi.Endpoints,
        .. BlocksApi.Endpoints,
        .. AllowlistApi.Endpoints,
        .. ReceiptsApi.Endpoints,
        .. BehaviourApi.Endpoints,
        .. StatusApi.Endpoints,
        .. ToolsApi.Endpoints,
        .. HealthApi.Endpoints,
    ];
}

internal enum Effect
{
    None,
    Write,
}
