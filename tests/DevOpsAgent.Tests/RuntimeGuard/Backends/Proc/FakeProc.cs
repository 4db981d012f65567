using System.Globalization;

namespace DevOpsAgent.Tests.RuntimeGuard.Backends.Proc;

/// <summary>A folder that looks like /proc.</summary>
internal sealed class FakeProc : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("proc-").FullName;

    public FakeProc Add(int pid, int parent, string exe, long start = 100, long cpuTicks = 0, long pages = 10, int uid = 0, int tracer = 0, string cgroup = "/")
    {
        var folder = Directory.CreateDirectory(Path.Combine(Root, Text(pid))).FullName;
        Directory.CreateDirectory(Path.Combine(folder, "fd"));
        Directory.CreateDirectory(Path.Combine(folder, "ns"));
        Directory.CreateDirectory(Path.Combine(folder, "net"));
        Link(Path.Combine(folder, "exe"), exe);
        Link(Path.Combine(folder, "ns", "net"), "net:[1]");
        File.WriteAllText(Path.Combine(folder, "stat"), $"{pid} (a) b) S {parent} 1 1 0 -1 4194304 0 0 0 0 {cpuTicks} 0 0 0 20 0 1 0 {start} 0 {pages} 0 0");
        File.WriteAllText(Path.Combine(folder, "status"), $"Name:\tx\nTracerPid:\t{tracer}\nUid:\t7\t{uid}\t7\t7\n");
        File.WriteAllText(Path.Combine(folder, "cgroup"), $"1:name=systemd:/old\n0::{cgroup}\n");
        File.WriteAllText(Path.Combine(folder, "maps"), "");
        return this;
    }

    public FakeProc Fd(int pid, int fd, string target)
    {
        Link(Path.Combine(Root, Text(pid), "fd", Text(fd)), target);
        return this;
    }

    public FakeProc Write(int pid, string name, string text)
    {
        File.WriteAllText(Path.Combine(Root, Text(pid), name), text);
        return this;
    }

    public FakeProc Modules(string text)
    {
        File.WriteAllText(Path.Combine(Root, "modules"), text);
        return this;
    }

    public void End(int pid) => Directory.Delete(Path.Combine(Root, Text(pid)), recursive: true);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private static void Link(string path, string target)
    {
        File.Delete(path);
        File.CreateSymbolicLink(path, target);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
