namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>Tests on a real API server, which they share: one at a time. Take <see cref="ApiServer"/> in the constructor.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KubernetesTests : ICollectionFixture<ApiServer>
{
    public const string Name = "kubernetes";
}
