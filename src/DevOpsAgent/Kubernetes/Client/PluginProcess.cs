using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DevOpsAgent.Exec.Native;

namespace DevOpsAgent.Kubernetes.Client;

/// <summary>One run of an exec plugin: the user's environment without the agent's own settings, no input, a time limit.</summary>
internal static class PluginProcess
{
    private const int MostOutput = 1 << 20;

    /// <summary>What it printed. Its errors become ours, shortened.</summary>
    /// <exception cref="KubernetesException">It is not there, failed, or took too long.</exception>
    public static async Task<byte[]> RunAsync(PluginCommand command, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        var program = command.Find(Environment.GetEnvironmentVariable("PATH")) ?? throw Failed(command, $"isn't installed{(command.InstallHint is { } hint ? ": " + hint.ReplaceLineEndings(" ") : "; put it on PATH")}");
        var folder = Libc.open("/", Libc.OpenPath | Libc.CloseOnExec, 0);
        var spawner = new Spawner();
        try
        {
            var process = await spawner.SpawnAsync(new(program, [command.Command, .. command.Arguments], Variables(command), folder, HasStdin: false, []) { Check = static () => null });
            return await CollectAsync(command, process, limit, time, cancellationToken);
        }
        catch (SpawnException e)
        {
            throw Failed(command, $"can't be started: {e.Message}");
        }
        finally
        {
            _ = Libc.close(folder);

            // Off the watching thread, on which what was awaited ended: it is waited for.
            await Task.Yield();
            spawner.Dispose();
        }
    }

    private static async Task<byte[]> CollectAsync(PluginCommand command, SpawnedProcess process, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        await using var killing = either.Token.Register(() => process.Signal(Libc.SigKill));
        using var stdout = process.Stdout;
        using var stderr = process.Stderr;
        var output = ReadAsync(stdout, MostOutput);
        var errors = ReadAsync(stderr, 4096);
        var end = await process.Exited;
        process.Reap(); // and its children, which would hold the pipes open
        var (printed, complained) = (await output, await errors);
        cancellationToken.ThrowIfCancellationRequested();
        if (late.IsCancellationRequested)
        {
            throw Failed(command, string.Create(CultureInfo.InvariantCulture, $"gave nothing within {limit.TotalSeconds:0} s"));
        }

        return end.Code == 0 ? printed : throw Failed(command, string.Create(CultureInfo.InvariantCulture, $"failed with exit code {end.Code ?? 128 + end.Signal}: {Encoding.UTF8.GetString(complained).ReplaceLineEndings(" ").Trim()}"));
    }

    /// <summary>To the end; what is above the limit is dropped.</summary>
    private static async Task<byte[]> ReadAsync(PipeSource source, int most)
    {
        var kept = new ArrayBufferWriter<byte>();
        var buffer = new byte[4096];
        try
        {
            while (await source.ReadAsync(buffer) is > 0 and var count)
            {
                kept.Write(buffer.AsSpan(0, Math.Min(count, most - kept.WrittenCount)));
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or SpawnException)
        {
            // The exit code says more.
        }

        return kept.WrittenSpan.ToArray();
    }

    private static List<string> Variables(PluginCommand command)
    {
        var own = command.Environment.Select(static v => v.Split('=')[0]).Append("KUBERNETES_EXEC_INFO").ToHashSet(StringComparer.Ordinal);
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(e => e.Key is string name && !name.StartsWith("DEVOPS_AGENT_", StringComparison.Ordinal) && !own.Contains(name))
            .Select(static e => $"{e.Key}={e.Value}").ToList();
        variables.AddRange(command.Environment);
        variables.Add("KUBERNETES_EXEC_INFO=" + JsonSerializer.Serialize(command.Input, PluginJson.Default.PluginCredential));
        return variables;
    }

    private static KubernetesException Failed(PluginCommand command, string what) => new(KubernetesFault.Configuration, $"Plugin {command.Command} {what}.");
}
