using System.Globalization;
using DevOpsAgent.Configuration;
using DevOpsAgent.Kubernetes;
using DevOpsAgent.Kubernetes.Client;

namespace DevOpsAgent.App.Cli;

/// <summary>The cluster's part of <c>doctor</c>: reached, as whom, and which rights are lacking, as rules ready to be pasted.</summary>
internal sealed class DoctorCluster(KubernetesConfig config, ClusterEnvironment environment, TimeProvider time, List<Check> checks)
{
    private const string Name = "kubernetes";
    private static readonly TimeSpan MuchSkew = TimeSpan.FromSeconds(30);

    /// <summary>A kubeconfig that merely lies in the home directory is not asked: it may be of any cluster.</summary>
    private bool IsMeant => config.InCluster || config.Context is not null || config.Kubeconfig is not null || environment.IsPod || environment.KubeconfigList is { Length: > 0 };

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!IsMeant)
        {
            return;
        }

        try
        {
            var connection = ConnectionReader.Read(config, environment, time);
            using var api = new KubernetesApi(connection, time, new() { Tries = 2, Attempt = TimeSpan.FromSeconds(10) });
            if (connection.Insecure)
            {
                Add(CheckStatus.Warning, "the kubeconfig says insecure-skip-tls-verify: anybody on the way can take the token", "give certificate-authority instead");
            }

            Report(api, await ClusterCheckup.ReadAsync(api, cancellationToken));
        }
        catch (KubernetesException e)
        {
            Add(CheckStatus.Failed, e.Message, e.Fault switch
            {
                KubernetesFault.Configuration => "correct kubernetes in the configuration, or the kubeconfig",
                KubernetesFault.Unauthenticated => "renew the credentials; in a pod look whether the service account still exists",
                KubernetesFault.Forbidden => null,
                _ => "look whether the API server runs and can be reached from here",
            });
        }
    }

    private void Report(KubernetesApi api, ClusterCheckup found)
    {
        Add(CheckStatus.Ok, $"{api.Description} answers: Kubernetes {found.Version}, as {found.User ?? "a user whose name this version doesn't tell"}, our objects in namespace {api.Namespace}", null);
        if (found.Skew.Duration() > MuchSkew)
        {
            Add(CheckStatus.Warning, string.Create(CultureInfo.InvariantCulture, $"this machine's clock and the server's differ by {found.Skew.Duration().TotalSeconds:0} s"), "set the clock: tokens and certificates have times");
        }

        if (!found.HasTraefik)
        {
            Add(CheckStatus.Warning, "Traefik's kinds (IngressRoute, Middleware) are not installed", "install Traefik's CRDs, or block by its file provider");
        }

        foreach (var right in found.Lacking)
        {
            Add(CheckStatus.Failed, $"a right is lacking; without it {right.What}", $"add to the rules of a {(right.Namespace is { } ns ? $"Role in namespace {ns}" : "ClusterRole")}: {right.Rule}");
        }

        if (found.Lacking.Count == 0)
        {
            Add(CheckStatus.Ok, "all rights that are needed are given", null);
        }
    }

    private void Add(CheckStatus status, string text, string? next) => checks.Add(new(Name, status, text, next));
}
