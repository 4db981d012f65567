using System.Text;
using DevOpsAgent.Logs;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.LogStore.Disk;
using DevOpsAgent.LogStore.Ingest;

namespace DevOpsAgent.EndToEnd.Faults;

/// <summary>The log store on a disk that is really full.</summary>
public sealed class LogStoreFaultTests
{
    [Fact]
    public async Task A_full_disk_loses_nothing_and_is_written_once_there_is_room()
    {
        var folder = Directory.CreateTempSubdirectory("log-store-disk-").FullName;
        await using var disk = await SmallDisk.MountAsync(folder, "size=2m");
        using (var store = new LogStoreDirectory(Path.Combine(disk.Folder, "store"), new(), TimeProvider.System))
        {
            var ingest = new LogIngest(store.Catalog, store, "traefik-logs", ClientResolver.Direct);
            ingest.Add(Lines(0, 1000));
            store.Flush();
            var filler = disk.Fill();
            ingest.Add(Lines(1000, 2000));
            Should.Throw<IOException>(store.Flush).Message.ShouldContain("can't be written");
            store.Problems.ShouldNotBeEmpty();
            Count(store).ShouldContain("\"count\":2000", customMessage: "what isn't on the disk is still searched");
            File.Delete(filler);
            store.Flush();
            store.Problems.ShouldBeEmpty();
        }

        using var again = new LogStoreDirectory(Path.Combine(disk.Folder, "store"), new(), TimeProvider.System);
        again.Problems.ShouldBeEmpty();
        Count(again).ShouldContain("\"count\":2000");
    }

    private static string Count(LogStoreDirectory store) => Encoding.UTF8.GetString(new ElasticApi(store.Catalog, TimeProvider.System).Handle(new("GET", "/_count")).Body);

    private static byte[] Lines(int from, int to) => Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(from, to - from).Select(static i =>
        $$"""{"ClientHost":"203.0.113.{{i % 200}}","DownstreamStatus":404,"Duration":{{i}},"RequestHost":"h","RequestMethod":"GET","RequestPath":"/{{Guid.NewGuid()}}","StartUTC":"2026-11-21T07:00:00Z"}""")));
}
