using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using DevOpsAgent.App.GuardControl;

namespace DevOpsAgent.EndToEnd.Guard;

/// <summary>A directory laid out like a machine that runs both services, a running guard, and processes that it guards.</summary>
internal sealed class GuardRig : IAsyncDisposable
{
    private readonly List<AgentProcess> _processes = [];
    private readonly List<Process> _guarded = [];

    private readonly string _backend;

    public GuardRig(string backend = "proc")
    {
        _backend = backend;
        foreach (var directory in (string[])["etc", "lib", "log", "dynamic", "temp", "run", "guard", "bin"])
        {
            Directory.CreateDirectory(Path.Combine(Folder, directory));
        }

        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        File.WriteAllText(Log, "");
        File.WriteAllText(Config, $"""
            mode: review
            logs:
              - path: {Log}
            database:
              path: {Path.Combine(Folder, "lib", "agent.db")}
            blocking:
              directory: {Path.Combine(Folder, "dynamic")}
              temp_directory: {Path.Combine(Folder, "temp")}
            web:
              serve: true
              listen: 127.0.0.1:{Port}
            runtime_guard:
              policy: {Policy}
              socket: {Path.Combine(Folder, "run", "guard.sock")}
              directory: {Path.Combine(Folder, "guard")}
              backend: {backend}
              interval: 20ms
              alerts:
                syslog: {Path.Combine(Folder, "run", "syslog")}
            """);
    }

    public string Folder { get; } = Directory.CreateTempSubdirectory("devops-agent-guard-").FullName;
    public int Port { get; }
    public string Log => Path.Combine(Folder, "log", "access.log");
    public string Config => Path.Combine(Folder, "etc", "config.yaml");
    public string Policy => Path.Combine(Folder, "etc", "guard-policy.yaml");
    public string DenyFile => Path.Combine(Folder, "dynamic", "devops-agent.yaml");
    public string Socket => Path.Combine(Folder, "run", "guard.sock");
    public Uri Page => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}/"));

    /// <summary>The program as an executable of its own, which a policy can name; dotnet runs half of this machine.</summary>
    public static string Host => Path.Combine(AppContext.BaseDirectory, "devops-agent");

    public async Task<AgentProcess> GuardAsync()
    {
        var guard = AgentProcess.Start(["guard", "run", "--config", Config]);
        _processes.Add(guard);
        try
        {
            await guard.WaitForAsync($"backend {_backend}, mode");
        }
        catch (InvalidOperationException) when (guard.Errors.Contains($"backend {_backend} can't be used", StringComparison.Ordinal))
        {
            Assert.Skip(guard.Errors.Split('\n')[0]);
        }

        return guard;
    }

    public async Task<AgentProcess> AgentAsync(params string[] arguments)
    {
        var agent = AgentProcess.Start(["--config", Config, .. arguments], new Dictionary<string, string>(StringComparer.Ordinal) { ["DOTNET_ROOT"] = DotnetRoot(), ["DOTNET_EnableDiagnostics"] = "0" }, Folder, Host);
        _processes.Add(agent);
        await agent.WaitForAsync(" started ");
        return agent;
    }

    public Task<(int Exit, string Output, string Errors)> RunAsync(params string[] arguments) => AgentProcess.RunAsync([.. arguments, "--config", Config]);

    public async Task<JsonElement> JsonAsync(params string[] arguments)
    {
        var (exit, output, errors) = await RunAsync([.. arguments, "--json"]);
        exit.ShouldBeLessThan(2, errors);
        return JsonDocument.Parse(output).RootElement;
    }

    /// <summary>A program of this name that holds a file open until it is killed, at most a minute.</summary>
    public Process Hold(string name, string file)
    {
        var program = Path.Combine(Folder, "bin", name);
        if (!File.Exists(program))
        {
            File.Copy("/bin/sleep", program);
        }

        var process = new Process { StartInfo = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" 60 < \"$1\"", program, file]) { UseShellExecute = false } };
        process.Start();
        _guarded.Add(process);
        return process;
    }

    public async Task KillAsync(AgentProcess process)
    {
        process.Signal(AgentProcess.SigKill);
        await process.ExitAsync();
        _processes.Remove(process);
        await process.DisposeAsync();
    }

    public async Task StopAsync(AgentProcess process)
    {
        process.Signal(AgentProcess.SigTerm);
        (await process.ExitAsync()).ShouldBe(0, process.Errors);
        _processes.Remove(process);
        await process.DisposeAsync();
    }

    public GuardClient Ask() => new(Socket);

    public string Said() => string.Join('\n', _processes.Select(static p => p.Errors + p.Output));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _guarded)
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            process.Dispose();
        }

        foreach (var process in _processes)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(process.Errors + process.Output);
            await process.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static string DotnetRoot() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
}

/// <summary>One after the other: a guard watches the whole machine, and its policy names the one executable that all of these tests start.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class GuardTests
{
    public const string Name = "guard";
}
