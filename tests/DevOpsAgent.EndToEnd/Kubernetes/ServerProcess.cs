using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace DevOpsAgent.EndToEnd.Kubernetes;

/// <summary>A server that a test started: signalled and ended by its own process id, and killed when the test's process dies.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    public const int SigKill = 9;
    public const int SigContinue = 18;
    public const int SigStop = 19;

    // The shell holds the server only as long as its own standard input, our pipe, is open.
    private const string Keeper = """exec 2>/dev/null; log=$1; shift; "$@" >>"$log" 2>&1 & child=$!; echo $child; cat >/dev/null; kill -KILL $child; wait $child""";

    private readonly Process _keeper;
    private readonly string _log;

    private ServerProcess(Process keeper, int id, string log) => (_keeper, Id, _log) = (keeper, id, log);

    public int Id { get; }

    /// <summary>The end of what it wrote.</summary>
    public string Log => File.Exists(_log) ? string.Join('\n', File.ReadLines(_log).TakeLast(30)) : "";

    public static async Task<ServerProcess> StartAsync(string log, string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("sh", ["-c", Keeper, "sh", log, program, .. arguments]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment.Remove("KUBECONFIG");
        var keeper = Process.Start(start)!;
        var id = int.Parse(await keeper.StandardOutput.ReadLineAsync() ?? "", CultureInfo.InvariantCulture);
        return new(keeper, id, log);
    }

    public void Signal(int signal)
    {
        if (Kill(Id, signal) != 0)
        {
            throw new InvalidOperationException($"Process {Id} could not be signalled: error {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>Stopped when this returns: a thread that runs on another core answers for a moment longer.</summary>
    public async Task StallAsync()
    {
        Signal(SigStop);

        // 1234 (etcd) T 1233 ...
        await Eventually.True(() => Directory.GetDirectories($"/proc/{Id}/task").All(static t => File.ReadAllText(Path.Combine(t, "stat")).Split(") ")[^1][0] == 'T'), "every thread of it stands still");
    }

    public async ValueTask DisposeAsync()
    {
        _keeper.StandardInput.Close();
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
    }

#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which this project does not allow.
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
#pragma warning restore SYSLIB1054
}
