using DevOpsAgent.Addresses;
using DevOpsAgent.Blocking;
using DevOpsAgent.Configuration;
using DevOpsAgent.Traefik;

namespace DevOpsAgent.Tests.Traefik;

public sealed class FileTargetTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_is_written_whole_readable_and_nothing_else_is_left()
    {
        var target = Target();
        var result = await target.ApplyAsync(List("203.0.113.7"), None);
        result.Outcome.ShouldBe(TargetOutcome.Unconfirmed, result.Detail);
        result.Detail.ShouldContain("traefik_api is not set");
        File.ReadAllText(_folder.File).ShouldBe(target.Render(List("203.0.113.7")));
        Directory.GetFileSystemEntries(_folder.Root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None }).Length.ShouldBe(2);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(_folder.File).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }
    }

    [Fact]
    public async Task The_watched_directory_sees_one_event_per_change_and_none_for_no_change()
    {
        var target = Target();
        await target.ApplyAsync(List("203.0.113.7"), None);
        var names = new List<string>();
        using var watcher = new FileSystemWatcher(_folder.Watched) { EnableRaisingEvents = true, IncludeSubdirectories = true };
        var renamed = new TaskCompletionSource();
        FileSystemEventHandler seen = (_, e) =>
        {
            lock (names)
            {
                names.Add(e.Name!);
            }

            if (e.Name == "end")
            {
                renamed.TrySetResult();
            }
        };
        watcher.Created += seen;
        watcher.Changed += seen;
        await target.ApplyAsync(List("203.0.113.7"), None);
        await target.ApplyAsync(List("203.0.113.7", "203.0.113.9"), None);
        await File.WriteAllTextAsync(Path.Combine(_folder.Watched, "end"), "", TestContext.Current.CancellationToken);
        await renamed.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        names.ShouldAllBe(static n => n == "end" || n == "devops-agent.yaml");
    }

    [Fact]
    public async Task The_last_block_takes_the_file_away()
    {
        var target = Target();
        await target.ApplyAsync(List("203.0.113.7"), None);
        (await target.ApplyAsync(DenyList.Empty, None)).Detail.ShouldContain("was removed");
        File.Exists(_folder.File).ShouldBeFalse();
        (await target.ApplyAsync(DenyList.Empty, None)).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        (await target.InspectAsync(DenyList.Empty, None)).ShouldBe(new TargetState(true, null));
    }

    [Fact]
    public async Task Somebody_elses_file_of_our_name_is_never_touched()
    {
        const string Theirs = "http:\n  routers:\n    shop: {}\n";
        await File.WriteAllTextAsync(_folder.File, Theirs, TestContext.Current.CancellationToken);
        var result = await Target().ApplyAsync(List("203.0.113.7"), None);
        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain("was not written by devops-agent");
        await Target().ApplyAsync(DenyList.Empty, None);
        (await File.ReadAllTextAsync(_folder.File, TestContext.Current.CancellationToken)).ShouldBe(Theirs);
    }

    [Fact]
    public async Task A_link_under_our_name_or_under_the_temporary_one_leads_nowhere()
    {
        var victim = Path.Combine(_folder.Root, "victim");
        await File.WriteAllTextAsync(victim, "precious", TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(Path.Combine(_folder.Root, ".devops-agent.yaml.tmp"), victim);
        (await Target().ApplyAsync(List("203.0.113.7"), None)).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        File.Delete(_folder.File);
        File.CreateSymbolicLink(_folder.File, victim);
        (await Target().ApplyAsync(List("203.0.113.7"), None)).Detail.ShouldContain("is a link");
        (await File.ReadAllTextAsync(victim, TestContext.Current.CancellationToken)).ShouldBe("precious");
    }

    [Theory]
    [InlineData("missing", "does not exist")]
    [InlineData("a-file", "is a file, not a directory")]
    public async Task A_directory_that_is_none_is_said_so(string name, string says)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Root, "a-file"), "", TestContext.Current.CancellationToken);
        var target = new FileTarget(new() { Directory = Path.Combine(_folder.Root, name) }, null);
        var result = await target.ApplyAsync(List("203.0.113.7"), None);
        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain(says);
        (await target.InspectAsync(List("203.0.113.7"), None)).Reachable.ShouldBeFalse();
    }

    [Fact]
    public async Task A_directory_under_our_name_is_said_so()
    {
        Directory.CreateDirectory(_folder.File);
        (await Target().ApplyAsync(List("203.0.113.7"), None)).Detail.ShouldContain("is a directory");
    }

    [Fact]
    public async Task A_temporary_directory_on_another_device_is_refused_and_the_old_file_stands()
    {
        var other = Path.Combine("/dev/shm", Path.GetRandomFileName());
        Assert.SkipUnless(Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").DriveFormat == "tmpfs" && new DriveInfo(_folder.Root).DriveFormat != "tmpfs", "needs /dev/shm and the temporary folder on two file systems");
        Directory.CreateDirectory(other);
        try
        {
            await Target().ApplyAsync(List("203.0.113.7"), None);
            var result = await Target(c => c with { TempDirectory = other }).ApplyAsync(List("203.0.113.7", "203.0.113.9"), None);
            result.Outcome.ShouldBe(TargetOutcome.Failed);
            result.Detail.ShouldContain("different file systems");
            (await File.ReadAllTextAsync(_folder.File, TestContext.Current.CancellationToken)).ShouldBe(Target().Render(List("203.0.113.7")));
            Directory.GetFileSystemEntries(other).ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }
    }

    [Fact]
    public async Task A_mount_point_as_watched_directory_falls_back_to_itself_and_says_so()
    {
        // /dev/shm is a mount whose parent /dev is another file system: what a container with a volume has.
        Assert.SkipUnless(Directory.Exists("/dev/shm") && new DriveInfo("/dev/shm").DriveFormat == "tmpfs", "needs /dev/shm as a mount");
        var config = new BlockingConfig { Directory = "/dev/shm", FileName = $"deny-test-{Guid.NewGuid():N}.yaml" };
        var path = Path.Combine("/dev/shm", config.FileName);
        try
        {
            var result = await new FileTarget(config, null).ApplyAsync(List("203.0.113.7"), None);
            result.Outcome.ShouldBe(TargetOutcome.Unconfirmed, result.Detail);
            result.Detail.ShouldContain("set blocking.temp_directory");
            File.Exists(path).ShouldBeTrue();
            Directory.GetFiles("/dev/shm", $".{config.FileName}*").ShouldBeEmpty();
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_full_disk_is_said_so_and_the_old_file_stands()
    {
        var mount = Path.Combine(_folder.Root, "small");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(SmallDisk.TryMount(mount, "64k"), "needs the right to mount a tmpfs");
        try
        {
            var watched = Directory.CreateDirectory(Path.Combine(mount, "dynamic")).FullName;
            var target = new FileTarget(new() { Directory = watched }, null);
            (await target.ApplyAsync(List("203.0.113.7"), None)).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
            var before = await File.ReadAllTextAsync(Path.Combine(watched, "devops-agent.yaml"), TestContext.Current.CancellationToken);
            var many = new DenyList([.. Enumerable.Range(0, 3_000).Select(static i => AddressRange.Single(ClientAddress.FromIPv4(0xCB000000 + (uint)(i * 2))))], []);
            var result = await target.ApplyAsync(many, None);
            result.Outcome.ShouldBe(TargetOutcome.Failed);
            result.Detail.ShouldContain("is full");
            (await File.ReadAllTextAsync(Path.Combine(watched, "devops-agent.yaml"), TestContext.Current.CancellationToken)).ShouldBe(before);
            Directory.GetFileSystemEntries(mount).ShouldBe([watched]);
        }
        finally
        {
            SmallDisk.Unmount(mount);
        }
    }

    [Fact]
    public async Task A_directory_without_write_access_is_said_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || Environment.IsPrivilegedProcess, "root may write everywhere");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder.Watched, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            var result = await Target().ApplyAsync(List("203.0.113.7"), None);
            File.SetUnixFileMode(_folder.Watched, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            result.Outcome.ShouldBe(TargetOutcome.Failed);
            result.Detail.ShouldContain("not writable");
        }
    }

    [Fact]
    public async Task A_read_only_file_system_is_said_so_and_the_old_file_stands()
    {
        var mount = Path.Combine(_folder.Root, "frozen");
        Directory.CreateDirectory(mount);
        Assert.SkipUnless(SmallDisk.TryMount(mount, "256k"), "needs the right to mount a tmpfs");
        try
        {
            var target = new FileTarget(new() { Directory = mount }, null);
            await target.ApplyAsync(List("203.0.113.7"), None);
            SmallDisk.Freeze(mount).ShouldBeTrue();
            var result = await target.ApplyAsync(List("203.0.113.9"), None);
            result.Outcome.ShouldBe(TargetOutcome.Failed);
            result.Detail.ShouldContain("read-only");
            (await target.ApplyAsync(DenyList.Empty, None)).Outcome.ShouldBe(TargetOutcome.Failed);
            (await target.InspectAsync(List("203.0.113.7"), None)).Drift.ShouldBeNull();
        }
        finally
        {
            SmallDisk.Unmount(mount);
        }
    }

    [Fact]
    public async Task Drift_names_what_differs()
    {
        var target = Target();
        (await target.InspectAsync(List("203.0.113.7"), None)).ShouldBe(new TargetState(true, $"{_folder.File} is missing"));

        await target.ApplyAsync(List("203.0.113.7"), None);
        (await target.InspectAsync(List("203.0.113.7"), None)).ShouldBe(new TargetState(true, null));
        (await target.InspectAsync(List("203.0.113.9"), None)).ShouldBe(new TargetState(true, $"{_folder.File} is stale: it holds an earlier list"));

        var text = await File.ReadAllTextAsync(_folder.File, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_folder.File, text.Replace("203.0.113.7", "203.0.113.8\u001b[2J"), TestContext.Current.CancellationToken);
        var state = await target.InspectAsync(List("203.0.113.7"), None);
        state.Foreign.ShouldBeTrue();
        state.Drift.ShouldEndWith("was edited by someone else: line 12 has 'ClientIP(`203.0.113.8?[2J`)' instead of 'ClientIP(`203.0.113.7`)'");

        (await target.ApplyAsync(List("203.0.113.7"), None)).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        (await File.ReadAllTextAsync(_folder.File, TestContext.Current.CancellationToken)).ShouldBe(text);
    }

    [Theory]
    [InlineData("web\n  evil: x", "devops-agent.yaml")]
    [InlineData("", "devops-agent.yaml")]
    [InlineData("web", "../devops-agent.yaml")]
    [InlineData("web", ".hidden.yaml")]
    [InlineData("web", "devops-agent.txt")]
    public void Names_that_could_break_out_are_refused(string entryPoint, string fileName) =>
        Should.Throw<ConfigException>(() => new FileTarget(new() { Directory = _folder.Watched, EntryPoints = [entryPoint], FileName = fileName }, null));

    [Fact]
    public async Task A_reader_never_sees_half_a_file()
    {
        var target = Target();
        var lists = Enumerable.Range(1, 4).Select(n => new DenyList([.. Enumerable.Range(0, n * 500).Select(static i => AddressRange.Single(ClientAddress.FromIPv4(0xCB000000 + (uint)(i * 2))))], [])).ToArray();
        var valid = lists.Select(target.Render).ToHashSet(StringComparer.Ordinal);
        await target.ApplyAsync(lists[0], None);
        using var stop = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var reader = Task.Run(() =>
        {
            do
            {
                valid.Contains(File.ReadAllText(_folder.File)).ShouldBeTrue();
                started.TrySetResult();
            }
            while (!stop.IsCancellationRequested);
        }, TestContext.Current.CancellationToken);
        await started.Task;
        for (var i = 0; i < 40; i++)
        {
            await target.ApplyAsync(lists[i % lists.Length], None);
        }

        await stop.CancelAsync();
        await reader;
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(40_000)]
    public async Task A_full_list_fits_and_is_written_fast(int count)
    {
        var random = new Random(1);
        var ranges = Enumerable.Range(0, count).Select(_ => AddressRange.Single(ClientAddress.FromIPv4((uint)random.NextInt64(0x01000000, 0xE0000000)))).Distinct().Order().ToArray();
        var start = TimeProvider.System.GetTimestamp();
        (await Target().ApplyAsync(new(ranges, []), None)).Outcome.ShouldBe(TargetOutcome.Unconfirmed);
        var size = new FileInfo(_folder.File).Length;
        TestContext.Current.TestOutputHelper!.WriteLine($"{ranges.Length} addresses: {size} bytes in {TimeProvider.System.GetElapsedTime(start).TotalMilliseconds:F0} ms");
        size.ShouldBeLessThan(count * 110L);
    }

    [Fact]
    public async Task Without_a_directory_it_says_what_it_would_write_and_does_not_pretend()
    {
        var target = new NoTarget(["web"]);
        target.Render(List("203.0.113.7")).ShouldContain("203.0.113.7");
        var result = await target.ApplyAsync(List("203.0.113.7"), None);
        result.Outcome.ShouldBe(TargetOutcome.Failed);
        result.Detail.ShouldContain("blocking.directory");
    }

    private FileTarget Target(Func<BlockingConfig, BlockingConfig>? change = null)
    {
        var config = new BlockingConfig { Directory = _folder.Watched };
        return new(change?.Invoke(config) ?? config, null);
    }

    private static DenyList List(params string[] ranges) => new([.. ranges.Select(AddressRange.Parse)], []);
}
