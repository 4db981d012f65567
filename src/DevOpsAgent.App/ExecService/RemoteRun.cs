using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using DevOpsAgent.App.Cli;
using DevOpsAgent.Exec;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.ExecService;

/// <summary>One command run by a service: its output passed through as it comes, its lease renewed, its end told.</summary>
internal sealed class RemoteRun(ExecClient client, Stream stdout, Stream stderr, Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(15);

    /// <summary>The command's exit code, or 128 and the signal. Throws <see cref="CommandException"/> where it did not run.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> argv, ReadOnlyMemory<byte> stdin, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var call = new ExecCall
        {
            Operation = CallOperation.Run,
            RequestId = ExecRequestId.New().ToString(),
            Argv = argv,
            StdinBytes = stdin.Length,
            StdinSha256 = stdin.IsEmpty ? null : Convert.ToHexStringLower(SHA256.HashData(stdin.Span)),
            TimeoutMs = timeout is { } limit ? Math.Max(1, (long)limit.TotalMilliseconds) : null,
        };
        var hello = await client.HelloAsync(cancellationToken);
        using var ended = new CancellationTokenSource();
        using var broken = new CancellationTokenSource();
        await using var cancelled = cancellationToken.Register(() => _ = CancelAsync(call, broken));
        Task? renewing = null;
        try
        {
            await foreach (var answer in client.SendAsync(call, stdin, broken.Token))
            {
                switch (answer.GetProperty("event").GetString())
                {
                    case "started":
                        renewing = RenewAsync(call, hello.Lease / 3, ended.Token);
                        break;
                    case "stdout":
                        await stdout.WriteAsync(answer.GetProperty("data").GetBytesFromBase64(), CancellationToken.None);
                        await stdout.FlushAsync(CancellationToken.None);
                        break;
                    case "stderr":
                        await stderr.WriteAsync(answer.GetProperty("data").GetBytesFromBase64(), CancellationToken.None);
                        await stderr.FlushAsync(CancellationToken.None);
                        break;
                    case "warning":
                        say($"warning: {answer.GetProperty("kind").GetString()}");
                        break;
                    case "denied":
                        throw ExecClient.Refusal(answer);
                    case "exit":
                        return cancellationToken.IsCancellationRequested ? ExitCode.Interrupted : Ended(answer);
                }
            }
        }
        catch (OperationCanceledException) when (broken.IsCancellationRequested)
        {
            say("the service did not say in time that the command has ended; its lease ends it.");
            return ExitCode.Interrupted;
        }
        finally
        {
            await ended.CancelAsync();
            if (renewing is not null)
            {
                await renewing;
            }
        }

        throw CommandException.Dependency("The service ended the answer before the command ended.", "It was stopped, most likely. Its audit log says how the command ended.");
    }

    private int Ended(JsonElement exit)
    {
        if (exit.GetProperty("cause").GetString() is { } cause)
        {
            say($"the command was ended: {cause}");
        }

        if (exit.GetProperty("truncated").GetBoolean())
        {
            say("output is missing: a cap was reached, or a process that it left behind kept the pipes.");
        }

        return exit.GetProperty("code") is { ValueKind: JsonValueKind.Number } code ? code.GetInt32()
            : exit.GetProperty("signal") is { ValueKind: JsonValueKind.Number } signal ? 128 + signal.GetInt32()
            : throw CommandException.Dependency("The service could not tell how the command ended.");
    }

    private async Task CancelAsync(ExecCall call, CancellationTokenSource broken)
    {
        // Ctrl-C ends the command there, and then this one by its exit event. If that doesn't come, this one ends all the same.
        broken.CancelAfter(CancelLimit);
        try
        {
            await client.AskAsync(new() { Operation = CallOperation.Cancel, RequestId = call.RequestId }, broken.Token);
        }
        catch (Exception e) when (e is CommandException or OperationCanceledException)
        {
            await broken.CancelAsync();
        }
    }

    private async Task RenewAsync(ExecCall call, TimeSpan interval, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                await client.AskAsync(new() { Operation = CallOperation.Renew, RequestId = call.RequestId }, ended);
            }
        }
        catch (OperationCanceledException)
        {
            // The command has ended.
        }
        catch (CommandException e)
        {
            say(string.Create(CultureInfo.InvariantCulture, $"warning: the lease could not be renewed: {e.Message}"));
        }
    }
}
