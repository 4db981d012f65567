namespace DevOpsAgent.Kubernetes.Client;

/// <summary>One request, ready to be sent more than once.</summary>
/// <param name="Path">With query, from the server's root.</param>
/// <param name="Words">For errors: "list ingressroutes.traefik.io in all namespaces".</param>
internal sealed record RestCall(HttpMethod Method, string Path, string Words)
{
    public const string Json = "application/json";

    public byte[]? Body { get; init; }

    public string ContentType { get; init; } = Json;

    public string Accept { get; init; } = Json;

    /// <summary>False: a second time does not mean the same, so it isn't sent again where the first may have been carried out.</summary>
    public bool Repeatable { get; init; } = true;
}

/// <param name="Body">Whole.</param>
/// <param name="Tries">More than one: an earlier one may have been carried out.</param>
internal sealed record RestAnswer(int Status, string ContentType, byte[] Body, int Tries)
{
    public bool IsSuccess => Status is >= 200 and < 300;
}
