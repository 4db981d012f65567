using DevOpsAgent.Audit;
using DevOpsAgent.Configuration;
using DevOpsAgent.Signing;

namespace DevOpsAgent.EndToEnd.Audit;

/// <summary>The disk under the log is full, broken or read-only: nothing is acknowledged that isn't there, and later the chain goes on unbroken.</summary>
[Collection(ProcessTests.Name)]
public sealed class AuditDiskTests : IDisposable
{
    private readonly KeyRing _ring = KeyRing.InMemory(TimeProvider.System);
    private int _next;

    public void Dispose() => _ring.Dispose();

    [Fact]
    public async Task Full_disk_refuses_and_goes_on_unbroken_once_there_is_room()
    {
        await using var disk = await PrivateDisk.MountAsync("mkdir log && mount -t tmpfs -o size=512k tmpfs log");
        var folder = Path.Combine(disk.Folder, "log");
        var config = new AuditConfig { Directory = Path.Combine(folder, "audit") };
        var acknowledged = new List<string>();
        using (var log = AuditLog.Open(config, AuditKeys.Of(_ring), TimeProvider.System))
        {
            await AppendAsync(log, acknowledged, 3);
            var filler = PrivateDisk.Fill(folder);

            // 3 KB lines: what is left of the last page takes one half of a line.
            var failures = 0;
            for (var i = 0; i < 10; i++)
            {
                failures += await FailsAsync(log, acknowledged, "its disk is full") ? 1 : 0;
            }

            failures.ShouldBeGreaterThan(5);
            File.Delete(filler);
            await AppendAsync(log, acknowledged, 3);
        }

        Check(config, acknowledged);
    }

    [Fact]
    public async Task Full_disk_in_the_middle_of_a_rotation_refuses_and_finishes_it_later()
    {
        await using var disk = await PrivateDisk.MountAsync("mkdir log && mount -t tmpfs -o size=512k tmpfs log");
        var folder = Path.Combine(disk.Folder, "log");
        var config = new AuditConfig { Directory = Path.Combine(folder, "audit"), SegmentSize = 4000 };
        var acknowledged = new List<string>();
        using (var log = AuditLog.Open(config, AuditKeys.Of(_ring), TimeProvider.System))
        {
            for (var round = 0; round < 5; round++)
            {
                await AppendAsync(log, acknowledged, round + 1);
                var filler = PrivateDisk.Fill(folder);
                for (var i = 0; i < 4; i++)
                {
                    await FailsAsync(log, acknowledged, "its disk is full");
                }

                File.Delete(filler);
            }

            await AppendAsync(log, acknowledged, 3);
        }

        Check(config, acknowledged);
        SegmentName.ListClosed(config.Directory).Count.ShouldBeGreaterThan(2);
    }

    /// <summary>
    /// fdatasync itself fails: the file system lies on a sparse image whose own disk is full, so that the kernel takes the
    /// lines and then can't write them out. It says EIO or ENOSPC of that, by version.
    /// </summary>
    [Fact]
    public async Task A_sync_that_fails_refuses_and_goes_on_unbroken_once_the_disk_works_again()
    {
        await using var disk = await PrivateDisk.MountAsync(
            "mkdir under log && mount -t tmpfs -o size=3m tmpfs under",
            "truncate -s 64m under/image && mke2fs -q -F -t ext2 -b 4096 under/image",
            "mount -o loop under/image log");
        var config = new AuditConfig { Directory = Path.Combine(disk.Folder, "log", "audit") };
        var acknowledged = new List<string>();
        using (var log = AuditLog.Open(config, AuditKeys.Of(_ring), TimeProvider.System))
        {
            await AppendAsync(log, acknowledged, 3);
            var filler = PrivateDisk.Fill(Path.Combine(disk.Folder, "under"));
            var failures = 0;
            for (var i = 0; i < 10; i++)
            {
                failures += await FailsAsync(log, acknowledged, "input/output error", "its disk is full") ? 1 : 0;
            }

            failures.ShouldBeGreaterThan(5);
            File.Delete(filler);
            await AppendAsync(log, acknowledged, 5);
        }

        Check(config, acknowledged);
        await disk.RunAsync("umount log && mount -o loop under/image log");
        Check(config, acknowledged);
    }

    [Fact]
    public async Task Read_only_file_system_stops_the_start_and_says_so()
    {
        await using var disk = await PrivateDisk.MountAsync("mkdir log && mount -t tmpfs tmpfs log");
        var config = new AuditConfig { Directory = Path.Combine(disk.Folder, "log", "audit") };
        var acknowledged = new List<string>();
        using (var log = AuditLog.Open(config, AuditKeys.Of(_ring), TimeProvider.System))
        {
            await AppendAsync(log, acknowledged, 2);
        }

        (await disk.RunAsync("mount -o remount,ro log")).Exit.ShouldBe(0);
        Should.Throw<AuditException>(() => AuditLog.Open(config, AuditKeys.Of(_ring), TimeProvider.System)).Message.ShouldContain("read-only file system");
        (await disk.RunAsync("mount -o remount,rw log")).Exit.ShouldBe(0);
        using (var log = AuditLog.Open(config, AuditKeys.Of(_ring), TimeProvider.System))
        {
            await AppendAsync(log, acknowledged, 2);
        }

        Check(config, acknowledged);
    }

    private AuditEvent.Request Event() => new(
        (++_next).ToString("x32", System.Globalization.CultureInfo.InvariantCulture), new string('a', 64), new string('b', 64), ["/bin/echo", new string('x', 3000)], "echo", 0, 1000);

    private async Task AppendAsync(AuditLog log, List<string> acknowledged, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var record = Event();
            await log.AppendAsync(record, TestContext.Current.CancellationToken);
            acknowledged.Add(record.RequestId);
        }
    }

    /// <summary>True: it was refused, with these words.</summary>
    private async Task<bool> FailsAsync(AuditLog log, List<string> acknowledged, params string[] words)
    {
        var record = Event();
        try
        {
            await log.AppendAsync(record, TestContext.Current.CancellationToken);
            acknowledged.Add(record.RequestId);
            return false;
        }
        catch (AuditException e)
        {
            words.ShouldContain(w => e.Message.Contains(w), e.Message);
            e.Message.ShouldContain("Nothing is run that can't be recorded");
            return true;
        }
    }

    private void Check(AuditConfig config, List<string> acknowledged)
    {
        var found = new AuditVerifier(AuditKeys.Of(_ring).TryFindPublic).Verify(config.Directory, CancellationToken.None);
        found.Problem.ShouldBeNull();
        found.TornBytes.ShouldBe(0);
        using var tail = new AuditTail(config.Directory);
        var written = new List<string>();
        while (tail.TryRead(out var line, out _))
        {
            if (line.RequestId is { } id)
            {
                written.Add(id);
            }
        }

        // Neither more nor less: what was refused was not recorded either.
        written.ShouldBe(acknowledged);
    }
}
