using System.Net;

namespace DevOpsAgent.EndToEnd.Exec;

/// <summary>What exec does is copied to a collector as it happens, and a collector that is gone stops nothing.</summary>
[Collection(ProcessTests.Name)]
public sealed class ExecMirrorTests : IAsyncDisposable
{
    private readonly ExecRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task The_audit_log_is_mirrored_to_a_collector_and_waits_while_it_is_down()
    {
        int port;
        using (var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }


        await File.AppendAllTextAsync(_rig.Config, $"\n  mirror:\n    url: http://127.0.0.1:{port}/audit\n    live: true\n", TestContext.Current.CancellationToken);
        var server = await _rig.ServeAsync();
        (await _rig.RunAsync("/bin/echo", "hello")).ShouldBe((0, "hello\n", ""));
        await server.WaitForAsync("the audit mirror waits");

        using var collector = new HttpListener();
        collector.Prefixes.Add($"http://127.0.0.1:{port}/");
        collector.Start();
        var received = "";
        while (!received.Contains("\"event\":\"exit\""))
        {
            var request = await collector.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            using var reader = new StreamReader(request.Request.InputStream);
            received += await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
            request.Response.StatusCode = 204;
            request.Response.Close();
        }

        received.ShouldContain("\"event\":\"request\"");
        await server.WaitForAsync("the audit mirror goes on");
    }
}
