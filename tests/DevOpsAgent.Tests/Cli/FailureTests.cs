using DevOpsAgent.App.Cli;
using DevOpsAgent.Configuration;
using DevOpsAgent.Store;

namespace DevOpsAgent.Tests.Cli;

public sealed class FailureTests
{
    public static TheoryData<Exception, int, string> Kinds() => new()
    {
        { new ConfigException([new("c.yaml", 3, 5, "wrong")]), 2, "c.yaml:3:5: wrong\ndevops-agent: 1 problem in the configuration; nothing was started\n" },
        { CommandException.Refused("no", "Do that."), 1, "devops-agent: no\nDo that.\n" },
        { CommandException.Usage("no"), 2, "devops-agent: no\n" },
        { CommandException.Dependency("no"), 3, "devops-agent: no\n" },
        { new StoreException("database full", StoreFault.Full), 3, "devops-agent: database full\n" },
        { new StoreException("newer", StoreFault.Newer), 2, "devops-agent: newer\n" },
        { new FileNotFoundException("Could not find 'x'."), 2, "devops-agent: Could not find 'x'.\nCheck the path.\n" },
        { new IOException("No space left on device"), 3, "devops-agent: No space left on device\n" },
        { new IOException("Broken pipe", 32), 0, "" },
        { new OperationCanceledException(), 130, "" },
        { CommandException.Refused("path \u001b[2J"), 1, "devops-agent: path \\x1b[2J\n" },
    };

    [Theory]
    [MemberData(nameof(Kinds), DisableDiscoveryEnumeration = true)]
    public void Each_kind_has_its_words_and_exit_code(Exception exception, int exit, string error)
    {
        var terminal = TestTerminal.Of();
        Failure.Report(exception, terminal).ShouldBe(exit);
        terminal.Error.ToString().ShouldBe(error);
    }

    [Fact]
    public void A_defect_says_that_it_is_one()
    {
        var terminal = TestTerminal.Of();
        Failure.Report(new InvalidOperationException("x"), terminal).ShouldBe(3);
        terminal.Error.ToString()!.ShouldContain("defect of devops-agent");
    }
}
