using System.Text.Json;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>The credential of an exec plugin, kept until shortly before it ends or until the server refuses it; one run at a time.</summary>
internal sealed class PluginCredentials(PluginCommand command, TimeProvider time, TimeSpan? limit = null) : IClusterCredentials
{
    /// <summary>So much before its end a credential is renewed: a call takes time, and clocks differ.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _running = new(1, 1);
    private readonly TimeSpan _limit = limit ?? TimeSpan.FromSeconds(60);
    private (Credential Credential, DateTimeOffset? Until)? _kept;

    public async ValueTask<Credential> GetAsync(CancellationToken cancellationToken)
    {
        await _running.WaitAsync(cancellationToken);
        try
        {
            if (_kept is { } kept && (kept.Until is null || time.GetUtcNow() < kept.Until - Early))
            {
                return kept.Credential;
            }

            var (credential, until) = Read(await PluginProcess.RunAsync(command, _limit, time, cancellationToken));
            _kept = (credential, until);
            return credential;
        }
        finally
        {
            _running.Release();
        }
    }

    public bool Refuse(Credential credential)
    {
        if (ReferenceEquals(_kept?.Credential, credential))
        {
            _kept = null;
        }

        return true;
    }

    public void Dispose() => _running.Dispose();

    private (Credential Credential, DateTimeOffset? Until) Read(byte[] output)
    {
        PluginCredential? answer;
        try
        {
            answer = JsonSerializer.Deserialize(output, PluginJson.Default.PluginCredential);
        }
        catch (JsonException e)
        {
            // Not with the exception's text: it may quote the token.
            throw Bad($"printed no ExecCredential in JSON (line {e.LineNumber + 1})");
        }

        if (answer?.ApiVersion != command.ApiVersion)
        {
            throw Bad($"answered with apiVersion '{answer?.ApiVersion}', and the kubeconfig says '{command.ApiVersion}'");
        }

        if (answer.Status is not { } status || (status.Token is null && status.ClientCertificateData is null))
        {
            throw Bad("gave neither token nor client certificate");
        }

        if ((status.ClientCertificateData is null) != (status.ClientKeyData is null))
        {
            throw Bad("gave only one of clientCertificateData and clientKeyData");
        }

        if (status.ExpirationTimestamp is { } until && until <= time.GetUtcNow())
        {
            throw Bad($"gave a credential that ended at {until:u}; log in again, or look at this machine's clock ({time.GetUtcNow():u})");
        }

        var certificate = status.ClientCertificateData is { } data
            ? UserCredentials.ReadPair(new($"the certificate of plugin {command.Command}", data), new($"the key of plugin {command.Command}", status.ClientKeyData))
            : null;
        return (new(status.Token is { } token ? "Bearer " + token : null, certificate), status.ExpirationTimestamp);
    }

    private KubernetesException Bad(string what) => new(KubernetesFault.Configuration, $"Plugin {command.Command} {what}.");
}
