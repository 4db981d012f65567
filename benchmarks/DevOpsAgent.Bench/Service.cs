using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DevOpsAgent.Bench;

/// <summary>The published service in a temporary directory, with its log, its deny folder and its page on loopback.</summary>
internal sealed class Service : IAsyncDisposable
{
    private readonly Process _process;

    private Service(string folder, Process process, int port, double readyMs)
    {
        Folder = folder;
        _process = process;
        Port = port;
        ReadyMs = readyMs;
    }

    public string Folder { get; }
    public int Port { get; }
    public double ReadyMs { get; }
    public int Pid => _process.Id;
    public string Log => Path.Combine(Folder, "access.log");
    public string DenyFile => Path.Combine(Folder, "dynamic", "devops-agent.yaml");

    /// <param name="target">YAML of the keys under blocking that say where; null: the deny folder.</param>
    /// <param name="more">More of the configuration.</param>
    /// <param name="prepare">Called with the folder before the service starts.</param>
    public static async Task<Service> StartAsync(string agent, string? target = null, string more = "", Action<string>? prepare = null)
    {
        var folder = Directory.CreateTempSubdirectory("devops-agent-bench-").FullName;
        prepare?.Invoke(folder);
        Directory.CreateDirectory(Path.Combine(folder, "dynamic"));
        File.WriteAllText(Path.Combine(folder, "access.log"), "");
        return await StartAsync(agent, folder, target ?? $"directory: {folder}/dynamic", more);
    }

    /// <summary>The same again on what the last one left, after <see cref="KillAsync"/>.</summary>
    public static async Task<Service> StartAsync(string agent, string folder, string target, string more)
    {
        var port = FreePort();
        File.WriteAllText(Path.Combine(folder, "config.yaml"), $"""
            mode: auto
            logs:
              - path: {folder}/access.log
            database:
              path: {folder}/agent.db
            blocking:
              {target}
              max_new_blocks: 40000
            web:
              serve: true
              listen: 127.0.0.1:{port}
            {more}
            """);
        var start = new ProcessStartInfo(agent) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("--config");
        start.ArgumentList.Add(Path.Combine(folder, "config.yaml"));
        var clock = Stopwatch.StartNew();
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        var errors = new System.Text.StringBuilder();
        process.ErrorDataReceived += (_, line) => errors.AppendLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri("/readyz", UriKind.Relative));
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    return new(folder, process, port, clock.Elapsed.TotalMilliseconds);
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            if (process.HasExited || clock.Elapsed > TimeSpan.FromSeconds(20))
            {
                throw new InvalidOperationException($"the service did not become ready: {errors}");
            }

            await Task.Delay(2);
        }
    }

    /// <summary>kill -9; the folder stays.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
