using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Store;

public sealed class AgentLockTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Path => _directory.File("data/agent.db");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_second_agent_is_told_who_has_the_database()
    {
        using var first = AgentLock.Take(Path);
        var fault = Should.Throw<StoreException>(() => AgentLock.Take(Path));
        fault.Fault.ShouldBe(StoreFault.InUse);
        fault.Message.ShouldBe($"another devops-agent (pid {Environment.ProcessId}) uses this database; stop it or set database.path");
        Should.Throw<StoreException>(() => AgentLock.Take(_directory.File("data/../data/agent.db"))).Fault.ShouldBe(StoreFault.InUse);
    }

    [Fact]
    public void It_is_free_again_after_the_first_and_other_databases_always_are()
    {
        var first = AgentLock.Take(Path);
        AgentLock.Take(_directory.File("other.db")).Dispose();
        first.Dispose();
        AgentLock.Take(Path).Dispose();
    }

    [Fact]
    public void What_a_killed_agent_left_behind_does_not_lock()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        File.WriteAllText(Path + ".lock", "");
        File.WriteAllText(Path + ".pid", "1");
        AgentLock.Take(Path).Dispose();
    }

    [Fact]
    public void A_damaged_pid_is_left_out()
    {
        using var first = AgentLock.Take(Path);
        File.WriteAllText(Path + ".pid", "\u001b[31mnot a pid");
        Should.Throw<StoreException>(() => AgentLock.Take(Path)).Message.ShouldStartWith("another devops-agent uses");
    }

    [Fact]
    public void A_directory_that_can_not_be_made() =>
        Should.Throw<StoreException>(() => AgentLock.Take("/dev/null/agent.db")).Fault.ShouldBeOneOf(StoreFault.Unavailable, StoreFault.ReadOnly);
}
