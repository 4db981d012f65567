using System.Text;

namespace DevOpsAgent.EndToEnd.GuardKernel;

/// <summary>
/// Debian's stock kernel in QEMU, with nothing but busybox, the .NET runtime, libbpf, the built devops-agent and the trigger. Emulated,
/// since /dev/kvm may be there and still hang. A script is its init; what that prints is the result.
/// </summary>
internal static class KernelGuest
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(6);
    private static readonly string[] s_tools = ["/usr/bin/qemu-system-x86_64", "/bin/busybox", "/usr/bin/cpio"];

    /// <param name="files">To put beside the rest: path in the guest and content.</param>
    /// <param name="script">Shell, run as the first process after everything is mounted.</param>
    public static async Task<string> RunAsync(string script, IReadOnlyDictionary<string, string> files)
    {
        var kernel = Directory.Exists("/boot") ? Directory.GetFiles("/boot", "vmlinuz-*-amd64").Order(StringComparer.Ordinal).LastOrDefault() : null;
        Assert.SkipWhen(kernel is null, "needs Debian's kernel: apt-get install linux-image-amd64");
        foreach (var tool in s_tools)
        {
            Assert.SkipUnless(File.Exists(tool), $"needs {tool}: apt-get install qemu-system-x86 busybox-static cpio");
        }

        var folder = Directory.CreateTempSubdirectory("guard-guest-").FullName;
        try
        {
            await BuildAsync(folder, script, files);
            var (output, _) = await Shell.RunAsync(
                s_tools[0],
                ["-accel", "tcg", "-smp", "2", "-m", "1536", "-nographic", "-no-reboot", "-kernel", kernel!, "-initrd", Path.Combine(folder, "initrd"), "-append", "console=ttyS0 quiet lsm=lockdown,capability,landlock,bpf panic=-1"],
                s_limit);
            return output.Replace("\r", "", StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task BuildAsync(string folder, string script, IReadOnlyDictionary<string, string> files)
    {
        var root = Path.Combine(folder, "root");
        foreach (var made in new[] { "bin", "proc", "sys", "dev", "tmp", "app", "etc", "dotnet/host", "dotnet/shared" })
        {
            Directory.CreateDirectory(Path.Combine(root, made));
        }

        var dotnet = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, "..", "..", ".."));
        var version = Path.GetFileName(Path.GetDirectoryName(typeof(object).Assembly.Location)!);
        var web = Path.GetFileName(Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Builder.WebApplication).Assembly.Location)!);
        var copy = new StringBuilder($$"""
            set -e
            R={{root}}
            cp /bin/busybox $R/bin/; for a in $(/bin/busybox --list | grep -vx busybox); do ln -sf busybox $R/bin/$a; done
            cp {{dotnet}}/dotnet $R/dotnet/; cp -r {{dotnet}}/host/* $R/dotnet/host/
            mkdir -p $R/dotnet/shared/Microsoft.NETCore.App $R/dotnet/shared/Microsoft.AspNetCore.App
            cp -r {{dotnet}}/shared/Microsoft.NETCore.App/{{version}} $R/dotnet/shared/Microsoft.NETCore.App/
            cp -r {{dotnet}}/shared/Microsoft.AspNetCore.App/{{web}} $R/dotnet/shared/Microsoft.AspNetCore.App/
            cd {{AppContext.BaseDirectory}}
            cp devops-agent.dll devops-agent.deps.json devops-agent.runtimeconfig.json $R/app/
            for f in *.dll; do case $f in xunit*|Microsoft.CodeAnalysis*|Microsoft.Playwright*|Microsoft.VisualStudio*|Microsoft.TestPlatform*|FsCheck*|FSharp*|testhost*) ;; *) cp $f $R/app/ ;; esac; done
            for p in {{dotnet}}/dotnet {{dotnet}}/shared/Microsoft.NETCore.App/{{version}}/libcoreclr.so $(ls /usr/lib/*/libbpf.so.1 /usr/lib/*/libssl.so.3 /usr/lib/*/libsqlite3.so.0); do
              ldd $p | grep -o '/[^ ]*' | while read l; do mkdir -p $R$(dirname $l); cp -Lu $l $R$l; done; done
            mkdir -p $R/usr/lib; cp -L /usr/lib/*/libbpf.so.1 /usr/lib/*/libssl.so.3 /usr/lib/*/libcrypto.so.3 /usr/lib/*/libsqlite3.so.0 $R/usr/lib/
            cp {{await Trigger.BuildAsync()}} $R/app/trigger

            """);
        await File.WriteAllTextAsync(Path.Combine(root, "init"), $$"""
            #!/bin/sh
            mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
            mount -t securityfs sec /sys/kernel/security; mount -t cgroup2 cgroup /sys/fs/cgroup; mount -t bpf bpf /sys/fs/bpf
            ip link set lo up
            export DOTNET_ROOT=/dotnet LD_LIBRARY_PATH=/usr/lib PATH=/bin HOME=/tmp DOTNET_EnableDiagnostics=0
            mkdir -p /run/guard; cd /run/guard
            echo; echo
            {{script}}
            sync; poweroff -f

            """);
        await File.WriteAllTextAsync(Path.Combine(root, "bin", "agent"), "#!/bin/sh\nexec /dotnet/dotnet /app/devops-agent.dll \"$@\"\n");
        foreach (var (path, text) in files)
        {
            await File.WriteAllTextAsync(root + path, text);
        }

        copy.Append($"chmod +x $R/init $R/bin/agent\ncd $R\nfind . | cpio -o -H newc --quiet > {folder}/initrd\n");
        var (output, code) = await Shell.RunAsync("/bin/sh", ["-c", copy.ToString()], s_limit);
        code.ShouldBe(0, output);
    }
}
