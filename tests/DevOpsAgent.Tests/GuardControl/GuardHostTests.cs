using DevOpsAgent.App.GuardControl;
using DevOpsAgent.RuntimeGuard.Backends.Proc;
using DevOpsAgent.Tests.Configuration;
using DevOpsAgent.Tests.RuntimeGuard;

namespace DevOpsAgent.Tests.GuardControl;

public sealed class GuardHostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Without_root_that_is_said()
    {
        var policy = PolicyText.App("blocked_files: [/etc/shadow]");
        GuardHost.Problems(policy, new ProcTree(), 1000).ShouldHaveSingleItem().ShouldContain("does not run as root");
        GuardHost.Problems(policy, new ProcTree(), 0).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("12:memory:/user/0\n11:cpuset:/\n", true)] // cgroup v1 without systemd
    [InlineData("0::/\n", true)] // cgroup v2 is there, and all stands in its root: a container
    [InlineData("0::/system.slice/devops-agent-guard.service\n", false)]
    [InlineData("1:name=systemd:/system.slice/devops-agent-guard.service\n", false)]
    public void Without_cgroup_v2_policies_that_choose_by_unit_find_nothing_and_that_is_said(string cgroup, bool said)
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, $"{Environment.ProcessId}"));
        _folder.Write($"{Environment.ProcessId}/cgroup", cgroup);
        var tree = new ProcTree(_folder.Path);
        GuardHost.Problems(PolicyText.App("unit: traefik.service"), tree, 0).Count().ShouldBe(said ? 1 : 0);
        GuardHost.Problems(PolicyText.App("exe: /usr/bin/traefik"), tree, 0).ShouldBeEmpty();
        if (said)
        {
            GuardHost.Problems(PolicyText.App("unit: traefik.service"), tree, 0).Single().ShouldBe("no process of this system is in a cgroup that has a name (cgroup v2, or systemd): the policies for app choose their processes by cgroup or unit, and find none. Use 'exe' or 'uid' instead");
        }
    }
}
