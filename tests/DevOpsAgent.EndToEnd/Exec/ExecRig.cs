using System.Text.Json;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Signing;

namespace DevOpsAgent.EndToEnd.Exec;

/// <summary>A machine that serves, an agent on another machine that is trusted there, and the commands of both: keys, ACL, configuration, processes.</summary>
internal sealed class ExecRig : IAsyncDisposable
{
    private static readonly string[] s_commands =
    [
        "[/bin/echo, hello]", "[/bin/sleep, <INT>]", "[/bin/cat]", "[/bin/false]", "[{0}/streams]", "[{0}/group]", "[{0}/killed]",
    ];

    private readonly List<AgentProcess> _processes = [];

    public ExecRig(string caps = "", string more = "", bool acl = true)
    {
        Folder = Directory.CreateTempSubdirectory("exec-e2e-").FullName;
        Script("streams", "printf 'out\\000\\n'; printf 'err\\n' >&2; exit 7");
        Script("group", $"sleep 600 & echo $! > {Folder}/child; echo $$ > {Folder}/leader; echo ready; wait");
        Script("killed", "kill -9 $$");
        MachineId = ExecIdentity.Create(Path.Combine(Folder, "keys"), PeerKind.Machine).Id;
        AgentId = ExecIdentity.Create(ClientKeys, PeerKind.Agent).Id;
        ClientMachineId = ExecIdentity.Create(ClientKeys, PeerKind.Machine).Id;
        if (acl)
        {
            File.WriteAllText(Acl, AclText(caps));
        }

        File.WriteAllText(Config, $"""
            exec:
              acl: {Acl}
              socket: {Socket}
              listen: 127.0.0.1:0
              keys: {Folder}/keys
              trust: {Folder}/trust.json
              allow_root: true
              {more}
            audit:
              directory: {Folder}/audit
              denial_interval: 1s
            """);
    }

    public string Folder { get; }
    public string MachineId { get; }
    public string AgentId { get; }
    public string ClientMachineId { get; }
    public string ClientKeys => Path.Combine(Folder, "client");
    public string Acl => Path.Combine(Folder, "acl.yaml");
    public string Config => Path.Combine(Folder, "config.yaml");
    public string Socket => Path.Combine(Folder, "exec.sock");
    public Uri Url { get; private set; } = new("https://127.0.0.1");
    public string Errors => string.Join('\n', _processes.Select(static p => p.Errors));

    public async Task<AgentProcess> ServeAsync()
    {
        var server = AgentProcess.Start(["exec", "serve", "--config", Config]);
        _processes.Add(server);
        var said = await server.WaitForAsync("machine " + MachineId);
        Url = new(said.Split(' ').Last(static w => w.StartsWith("https://", StringComparison.Ordinal)).TrimEnd(','));
        return server;
    }

    public async Task TrustAsync()
    {
        foreach (var key in new[] { "agent", "machine" })
        {
            (await CommandAsync("exec", "trust", "add", Path.Combine(ClientKeys, key + ".pub"), "-d", "a test")).Exit.ShouldBe(0);
        }
    }

    public Task<(int Exit, string Output, string Errors)> CommandAsync(params string[] arguments) => AgentProcess.RunAsync([.. arguments, "--config", Config]);

    /// <summary>Over the socket.</summary>
    public Task<(int Exit, string Output, string Errors)> RunAsync(params string[] argv) => AgentProcess.RunAsync(["exec", "run", "--config", Config, "--", .. argv]);

    public Task<(int Exit, string Output, string Errors)> RemoteAsync(params string[] argv) => AgentProcess.RunAsync([.. Remote, "--", .. argv]);

    public string[] Remote => ["exec", "run", "--config", Config, "--url", Url.ToString(), "--machine", MachineId, "--keys", ClientKeys];

    public AgentProcess Start(params string[] arguments)
    {
        var process = AgentProcess.Start(arguments);
        _processes.Add(process);
        return process;
    }

    public string Program(string name) => Path.Combine(Folder, name);

    /// <summary>A client whose frames the test makes itself.</summary>
    public (HttpClient Http, CallSigner Signer) Client()
    {
        var signer = new CallSigner(ExecIdentity.Load(ClientKeys, PeerKind.Agent), ExecIdentity.Load(ClientKeys, PeerKind.Machine), MachineId, TimeProvider.System);
        var certificate = MachineCertificate.Create(signer.Machine);
        var handler = new SocketsHttpHandler
        {
#pragma warning disable CA5359 // The server's certificate is its own; who it is shows in the signed answer.
            SslOptions = new() { LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate, RemoteCertificateValidationCallback = static (_, _, _, _) => true },
#pragma warning restore CA5359
        };
        return (new HttpClient(handler) { BaseAddress = Url }, signer);
    }

    public static async Task<HelloAnswer> HelloAsync(HttpClient http)
    {
        var hello = JsonDocument.Parse(await http.GetStringAsync("v1/hello")).RootElement;
        return new(hello.GetProperty("machine_id").GetString()!, hello.GetProperty("start_id").GetString()!, TimeSpan.FromSeconds(30));
    }

    /// <summary>Sends a line as the body of a call; the last event of the answer.</summary>
    public static async Task<JsonElement> PostAsync(HttpClient http, byte[] line)
    {
        using var answer = await http.PostAsync("v1/call", new ByteArrayContent([.. line, (byte)'\n']));
        return JsonDocument.Parse((await answer.Content.ReadAsStringAsync()).Trim().Split('\n')[^1]).RootElement;
    }

    /// <summary>All that the audit log holds, oldest first.</summary>
    public IReadOnlyList<JsonElement> Audit() => !Directory.Exists(Path.Combine(Folder, "audit")) ? [] :
        [.. Directory.GetFiles(Path.Combine(Folder, "audit"), "audit*.jsonl").Order(StringComparer.Ordinal).SelectMany(File.ReadAllLines).Select(static l => JsonDocument.Parse(l).RootElement)];

    public IReadOnlyList<JsonElement> Audit(string kind) => [.. Audit().Where(e => e.TryGetProperty("event", out var name) && name.ValueEquals(kind))];

    public Task<JsonElement> ExitAsync(Func<JsonElement, bool> condition) => ExitAsync(condition, "an exit in the audit log");

    public int PidIn(string file) => int.Parse(File.ReadAllText(Path.Combine(Folder, file)), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The process is gone, or only its exit status is left.</summary>
    public static bool IsGone(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ", 2)[1][0] is 'Z' or 'X';
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await process.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private async Task<JsonElement> ExitAsync(Func<JsonElement, bool> condition, string what)
    {
        var found = await Eventually.Some(() => Audit("exit").Where(condition).Select(static e => e.GetRawText()).FirstOrDefault(), what, () => Errors);
        return JsonDocument.Parse(found).RootElement;
    }

    private void Script(string name, string body)
    {
        File.WriteAllText(Program(name), "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(Program(name), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private string AclText(string caps)
    {
        var commands = string.Join('\n', s_commands.Select(c => "        - argv: " + c.Replace("{0}", Folder, StringComparison.Ordinal)));
        return $"""
            exec:
              enabled: true
              {caps}
              allow:
                - description: on the socket
                  agent_id: {LocalCaller.AgentId(UnixProcess.UserId)}
                  machine_id: {MachineId}
                  commands:
            {commands}
                - description: from elsewhere
                  agent_id: {AgentId}
                  machine_id: {ClientMachineId}
                  commands:
            {commands}
            """;
    }
}
