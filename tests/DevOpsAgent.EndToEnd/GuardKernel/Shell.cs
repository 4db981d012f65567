using System.Diagnostics;

namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>A program run to its end.</summary>
internal static class Shell
{
    /// <returns>What it wrote (both streams) and its exit code; 137: killed.</returns>
    public static async Task<(string Output, int Code)> RunAsync(string program, IEnumerable<string> arguments, TimeSpan? limit = null)
    {
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var late = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (await output + await errors + $"{program} took too long", -1);
        }

        return (await output + await errors, process.ExitCode);
    }

    public static Process Start(string program, IEnumerable<string> arguments)
    {
        var process = new Process { StartInfo = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false } };
        process.Start();
        return process;
    }
}
