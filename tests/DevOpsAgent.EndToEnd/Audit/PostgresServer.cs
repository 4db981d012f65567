using System.Diagnostics;

namespace DevOpsAgent.EndToEnd.Audit;

/// <summary>A PostgreSQL server of its own, from Debian's package, on a Unix socket in a temporary directory.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly string _binaries;

    private PostgresServer(string folder, string binaries) => (_folder, _binaries) = (folder, binaries);

    public string ConnectionString => $"Host={_folder};Username=agent;Database=postgres;Timeout=5;Pooling=false";

    public static async Task<PostgresServer> StartAsync()
    {
        var binaries = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(static d => Path.Combine(d, "bin")).FirstOrDefault(static d => File.Exists(Path.Combine(d, "initdb"))) : null;
        Assert.SkipWhen(binaries is null, "PostgreSQL is not installed: sudo apt-get install postgresql");
        var server = new PostgresServer(Directory.CreateTempSubdirectory("devops-agent-pg-").FullName, binaries!);
        if (Environment.UserName == "root")
        {
            // The server refuses to run as root.
            await RunAsync("chown", "postgres", server._folder);
        }

        await server.AsServerAsync("initdb", "-D", server.Data, "-A", "trust", "-U", "agent", "--no-sync");
        await server.StartServerAsync();
        return server;
    }

    public Task StartServerAsync() => AsServerAsync("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_folder, "log"), "-o", $"-c listen_addresses='' -c fsync=off -k {_folder}", "start");

    public Task StopServerAsync() => AsServerAsync("pg_ctl", "-D", Data, "-w", "-m", "immediate", "stop");

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "postmaster.pid")))
        {
            await StopServerAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private string Data => Path.Combine(_folder, "data");

    private Task AsServerAsync(string program, params string[] arguments)
    {
        program = Path.Combine(_binaries, program);
        return Environment.UserName == "root" ? RunAsync("runuser", ["-u", "postgres", "--", program, .. arguments]) : RunAsync(program, arguments);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        // Output to nowhere: the server inherits it and would keep a pipe open.
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" >/dev/null 2>&1 </dev/null", "sh", program, .. arguments]) { UseShellExecute = false, WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}");
    }
}
