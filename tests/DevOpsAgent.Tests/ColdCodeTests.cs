using DevOpsAgent.App;

namespace DevOpsAgent.Tests;

public sealed class ColdCodeTests
{
    /// <summary>A page that was written to holds relocated addresses: given back, it would come again as it is in the file.</summary>
    [Fact]
    public void Only_unchanged_read_only_pages_of_program_files_go()
    {
        string[] smaps =
        [
            "7f0000000000-7f0000002000 r-xp 00000000 fe:00 12 /opt/devops-agent/libcoreclr.so", "Rss: 8 kB", "Private_Dirty:         0 kB", "Anonymous:             0 kB",
            "7f0000002000-7f0000004000 r--p 00002000 fe:00 12 /opt/devops-agent/libcoreclr.so", "Private_Dirty:         4 kB", "Anonymous:             4 kB",
            "7f0000004000-7f0000006000 rw-p 00004000 fe:00 12 /opt/devops-agent/libcoreclr.so", "Private_Dirty:         0 kB", "Anonymous:             0 kB",
            "7f0000006000-7f0000008000 r-xs 00000000 00:01 13 /memfd:doublemapper (deleted)", "Private_Dirty:         0 kB", "Anonymous:             0 kB",
            "7f0000008000-7f000000a000 r--s 00000000 fe:00 14 /opt/devops-agent/agent.db-shm", "Private_Dirty:         0 kB", "Anonymous:             0 kB",
            "7f000000a000-7f000000c000 r-xp 00000000 00:00 0", "Private_Dirty:         0 kB", "Anonymous:             0 kB",
            "7f000000c000-7f0000010000 r--s 00000000 fe:00 15 /opt/devops-agent/DevOpsAgent.dll", "Private_Dirty:         0 kB", "Anonymous:             0 kB", "VmFlags: rd mr",
            "garbage", "-", "zz-yy r-xp /x.so",
        ];
        ColdCode.Mappings(smaps).Select(static m => ((long)m.Start, (long)m.Length)).ShouldBe([(0x7f0000000000, 0x2000), (0x7f000000c000, 0x4000)]);
    }

    [Fact]
    public void The_process_lives_on() => ColdCode.GiveBack();
}
