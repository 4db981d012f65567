using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace DevOpsAgent.EndToEnd;

/// <summary>The built devops-agent as a process of its own: started, read, signalled, and never left behind.</summary>
internal sealed partial class AgentProcess : IAsyncDisposable
{
    public const int SigInt = 2;
    public const int SigKill = 9;
    public const int SigTerm = 15;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private AgentProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(_errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The program that the referenced project built, beside the test assembly.</summary>
    private static string Program => Path.Combine(AppContext.BaseDirectory, "devops-agent.dll");

    public int Id => _process.Id;

    /// <summary>What it has written so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    /// <param name="variables">Added to the environment, from which DEVOPS_AGENT_* and NO_COLOR of the caller are removed.</param>
    /// <param name="host">The program's own executable; null: dotnet runs it, as it runs every test.</param>
    public static AgentProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? variables = null, string? directory = null, string? host = null)
    {
        // A shell's background job ignores Ctrl-C, and so would everything that it starts: a test of SIGINT needs the default.
        var start = new ProcessStartInfo("/usr/bin/env")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory ?? Path.GetTempPath(),
        };
        foreach (var name in start.Environment.Keys.Where(static k => k.StartsWith("DEVOPS_AGENT_", StringComparison.Ordinal) || k == "NO_COLOR").ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in variables ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        start.ArgumentList.Add("--default-signal=INT");
        if (host is null)
        {
            start.ArgumentList.Add(Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet");
            start.ArgumentList.Add(Program);
        }
        else
        {
            start.ArgumentList.Add(host);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new(new Process { StartInfo = start });
    }

    /// <summary>Runs to its end: exit code, standard output, standard error.</summary>
    public static async Task<(int Exit, string Output, string Errors)> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? variables = null, string? directory = null, string? input = null, string? host = null)
    {
        await using var agent = Start(arguments, variables, directory, host);
        if (input is not null)
        {
            await agent._process.StandardInput.WriteAsync(input);
        }

        agent._process.StandardInput.Close();
        return (await agent.ExitAsync(), agent.Output, agent.Errors);
    }

    /// <summary>Waits for the end, at most a minute; kills and fails after that.</summary>
    public async Task<int> ExitAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    /// <summary>Waits until a line on standard output or error contains the text; returns what was written up to then.</summary>
    public async Task<string> WaitForAsync(string text)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!Output.Contains(text, StringComparison.Ordinal) && !Errors.Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited || limit.IsCancellationRequested)
            {
                throw new InvalidOperationException($"'{text}' never came.\nstdout:\n{Output}\nstderr:\n{Errors}");
            }

            await Task.Delay(10, CancellationToken.None);
        }

        return Output + Errors;
    }

    /// <summary>Onto its standard input, which stays open.</summary>
    public async Task WriteAsync(string text)
    {
        await _process.StandardInput.WriteAsync(text);
        await _process.StandardInput.FlushAsync();
    }

    public void CloseInput() => _process.StandardInput.Close();

    public void Signal(int signal)
    {
        if (Kill(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Process {_process.Id} could not be signalled: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.Append(line).Append('\n');
            }
        }
    }

#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which this project does not allow.
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
#pragma warning restore SYSLIB1054
}
