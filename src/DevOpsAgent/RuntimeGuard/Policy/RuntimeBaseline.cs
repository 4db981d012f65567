namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>
/// What <c>@runtime</c> in allowed_files stands for: files that nearly every dynamically linked program opens before and
/// while it runs (loader, libc, name resolution, time zones, certificates, what .NET, Go and Python ask of /proc and /sys).
/// Nothing in it is secret or may be written by the process.
/// </summary>
internal static class RuntimeBaseline
{
    public const string Name = "@runtime";

    public static IReadOnlyList<PathPattern> Patterns { get; } =
    [
        .. new[]
        {
            "/lib/*", "/lib64/*", "/usr/lib/*", "/usr/lib64/*", "/usr/local/lib/*",
            "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/localtime", "/etc/timezone",
            "/etc/nsswitch.conf", "/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf",
            "/etc/services", "/etc/protocols", "/etc/passwd", "/etc/group",
            "/etc/ssl/certs/*", "/etc/ssl/openssl.cnf", "/usr/share/ca-certificates/*",
            "/usr/share/zoneinfo/*", "/usr/share/locale/*", "/usr/share/i18n/*", "/usr/share/dotnet/*",
            "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty",
            "/proc/*/maps", "/proc/*/stat", "/proc/*/statm", "/proc/*/status", "/proc/*/cgroup", "/proc/*/limits", "/proc/*/mountinfo",
            "/proc/*/comm", "/proc/*/oom_score_adj",
            "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/uptime", "/proc/loadavg", "/proc/filesystems", "/proc/version",
            "/proc/sys/*", "/sys/devices/system/*", "/sys/fs/cgroup/*", "/sys/kernel/mm/*",
        }.Select(Parse),
    ];

    private static PathPattern Parse(string text) => PathPattern.TryParse(text, out var pattern, out var error) ? pattern : throw new FormatException($"{text} {error}");
}
