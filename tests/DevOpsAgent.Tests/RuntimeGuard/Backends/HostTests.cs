using System.Net;
using System.Net.Sockets;
using DevOpsAgent.RuntimeGuard;
using DevOpsAgent.RuntimeGuard.Backends;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.RuntimeGuard.Policy;

namespace DevOpsAgent.Tests.RuntimeGuard.Backends;

/// <summary>Both polling backends on this machine, with this very process as what they watch.</summary>
public sealed class HostTests
{
    [Fact]
    public void Proc_sees_what_this_process_holds()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /proc");
        var file = Path.GetTempFileName();
        using var open = File.OpenRead(file);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        using var accepted = listener.AcceptTcpClient();
        var backend = (ProcBackend)BackendChoice.Of(BackendChoice.Candidates(TimeProvider.System, TimeSpan.FromSeconds(1)), "auto").Backend!;
        backend.Load(Policy());
        backend.Look();
        var mine = new List<GuardEvent>();
        while (backend.Events.TryRead(out var seen))
        {
            if (seen.Pid == Environment.ProcessId)
            {
                mine.Add(seen);
            }
        }

        mine.ShouldContain(e => e.Kind == GuardEventKind.File && e.Subject == file);
        mine.ShouldContain(static e => e.Kind == GuardEventKind.File && e.Subject.Contains("libc.so", StringComparison.Ordinal), "mapped, opened long ago");
        mine.ShouldContain(e => e.Kind == GuardEventKind.Listen && e.Subject == listener.LocalEndpoint.ToString());
        mine.ShouldContain(static e => e.Kind == GuardEventKind.Memory && e.Value > 10);
        File.Delete(file);
    }

    [Fact]
    public void The_documents_monitoring_sees_this_process_and_its_memory()
    {
        var backend = new ProcessBackend(TimeProvider.System, TimeSpan.FromSeconds(1));
        backend.Load(Policy());
        backend.Look();
        backend.Guarded["me"].ShouldBeGreaterThan(0);
        backend.Events.TryRead(out var seen).ShouldBeTrue();
        (seen!.Kind, seen.Process).ShouldBe((GuardEventKind.Memory, "me"));
        UnmetRule.Of(Policy(), backend.Abilities).ShouldNotBeEmpty("it sees no network");
    }

    [Fact]
    public void A_backend_that_is_refused_says_why_and_the_next_is_taken()
    {
        var choice = BackendChoice.Of([new("lsm", static () => (null, "EPERM")), new("proc", static () => (new FakeBackend(Enforcement.Observe), ""))], "auto");
        choice.Backend!.Name.ShouldBe("fake");
        choice.Refused.ShouldHaveSingleItem().ShouldBe(new BackendRefusal("lsm", "EPERM"));
        BackendChoice.Of([new("lsm", static () => (null, "EPERM"))], "lsm").Backend.ShouldBeNull();
    }

    private static CompiledPolicy Policy() => CompiledPolicy.Of(PolicyText.Read($"processes:\n  me: {{exe: \"{Environment.ProcessPath}\", max_memory_mb: 1}}\n"));
}
