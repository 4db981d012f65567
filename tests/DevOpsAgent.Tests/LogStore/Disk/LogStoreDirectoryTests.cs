using System.Text;
using System.Text.Json;
using DevOpsAgent.LogStore;
using DevOpsAgent.LogStore.Api;
using DevOpsAgent.LogStore.Disk;

namespace DevOpsAgent.Tests.LogStore.Disk;

/// <summary>The store's folder through closing, tearing, filling up and ageing.</summary>
public sealed class LogStoreDirectoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("log-store-").FullName;
    private readonly FakeTime _time = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private LogStoreDirectory Open(StoreOptions? options = null) => new(_folder, options ?? new(), _time);

    private static void Index(IndexCatalog catalog, string index, string id, string json) =>
        new ElasticApi(catalog, TimeProvider.System).Handle(new("PUT", $"/{index}/_doc/{id}", Encoding.UTF8.GetBytes(json))).Status.ShouldBeInRange(200, 201);

    private static string Search(IndexCatalog catalog, string index, string body = "{}") => Encoding.UTF8.GetString(new ElasticApi(catalog, TimeProvider.System).Handle(new("POST", $"/{index}/_search", Encoding.UTF8.GetBytes(body))).Body);

    private static long Total(IndexCatalog catalog, string index) => JsonDocument.Parse(Search(catalog, index)).RootElement.GetProperty("hits").GetProperty("total").GetProperty("value").GetInt64();

    private string[] Segments() => Directory.GetFiles(_folder, "*.seg", SearchOption.AllDirectories);

    [Fact]
    public void Documents_updates_deletions_and_aliases_come_back()
    {
        using (var store = Open())
        {
            var api = new ElasticApi(store.Catalog, TimeProvider.System);
            api.Handle(new("PUT", "/a", """{"aliases":{"bad":{"filter":{"range":{"status":{"gte":400}}}}}}"""u8.ToArray())).Status.ShouldBe(200);
            Index(store.Catalog, "a", "1", """{"@timestamp":"2026-11-21T08:00:00.120000001Z","path":"/\u00fc\"","n":[3,1],"status":404,"o":{"b":true,"e":{},"z":null},"f":1.5}""");
            Index(store.Catalog, "a", "2", """{"status":200}""");
            Index(store.Catalog, "a", "3", """{"status":500}""");
            store.Flush();
            Index(store.Catalog, "a", "2", """{"status":201}""");
            api.Handle(new("DELETE", "/a/_doc/3")).Status.ShouldBe(200);
        }

        using var again = Open();
        again.Problems.ShouldBeEmpty();
        Total(again.Catalog, "a").ShouldBe(2);
        Total(again.Catalog, "bad").ShouldBe(1);
        var get = JsonDocument.Parse(new ElasticApi(again.Catalog, TimeProvider.System).Handle(new("GET", "/a/_doc/1")).Body).RootElement;
        get.GetProperty("_source").GetRawText().ShouldBe("""{"@timestamp":"2026-11-21T08:00:00.120000001Z","path":"/ü\"","n":[3,1],"status":404,"o":{"b":true,"e":{},"z":null},"f":1.5}""");
        JsonDocument.Parse(new ElasticApi(again.Catalog, TimeProvider.System).Handle(new("GET", "/a/_doc/2")).Body).RootElement.GetProperty("_version").GetInt32().ShouldBe(2);
        Search(again.Catalog, "a", """{"query":{"term":{"status":500}}}""").ShouldContain("\"value\":0");
    }

    [Fact]
    public void Flushing_again_and_again_leaves_one_file()
    {
        using var store = Open();
        for (var i = 0; i < 5; i++)
        {
            Index(store.Catalog, "a", $"{i}", "{\"n\":1}");
            store.Flush();
        }

        Segments().ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(0.999)]
    public void A_torn_segment_is_set_aside_and_told(double kept)
    {
        using (var store = Open())
        {
            Index(store.Catalog, "a", "1", "{\"n\":1}");
            Index(store.Catalog, "b", "1", "{\"n\":1}");
        }

        var torn = Segments()[0];
        var bytes = File.ReadAllBytes(torn);
        File.WriteAllBytes(torn, bytes[..(int)(bytes.Length * kept)]);
        using (var again = Open())
        {
            again.Problems.ShouldHaveSingleItem().ShouldContain("1 documents are missing");
            (Total(again.Catalog, "a") + Total(again.Catalog, "b")).ShouldBe(1, "what is whole is still there");
            File.Exists(torn + ".torn").ShouldBeTrue();
            Index(again.Catalog, "a", "2", "{\"n\":1}");
        }

        using var third = Open();
        third.Problems.ShouldBeEmpty("it was told once");
        (Total(third.Catalog, "a") + Total(third.Catalog, "b")).ShouldBe(2);
    }

    [Fact]
    public void A_changed_byte_fails_the_search_that_needs_it()
    {
        using (var store = Open())
        {
            for (var i = 0; i < 200; i++)
            {
                Index(store.Catalog, "a", $"{i}", $$"""{"path":"/p{{i}}"}""");
            }
        }

        var file = Segments().ShouldHaveSingleItem();
        var bytes = File.ReadAllBytes(file);
        bytes[40] ^= 0xFF;
        File.WriteAllBytes(file, bytes);
        using var again = Open();
        var whole = string.Concat(Search(again.Catalog, "a", """{"size":200}"""), again.Problems.Count.ToString(null, null));
        (whole.Contains("corrupt_index_exception", StringComparison.Ordinal) || again.Problems.Count > 0).ShouldBeTrue(whole);
    }

    [Fact]
    public void A_newer_version_is_refused_and_left_alone()
    {
        using (var store = Open())
        {
            Index(store.Catalog, "a", "1", "{\"n\":1}");
        }

        var state = Directory.GetFiles(_folder, "index.json", SearchOption.AllDirectories).ShouldHaveSingleItem();
        File.WriteAllText(state, File.ReadAllText(state).Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal));
        var before = File.ReadAllText(state);
        Should.Throw<StoreDamagedException>(() => Open()).IsNewer.ShouldBeTrue();
        File.ReadAllText(state).ShouldBe(before);
        File.WriteAllText(state, before.Replace("\"version\":2", "\"version\":1", StringComparison.Ordinal));
        var segment = Segments()[0];
        var bytes = File.ReadAllBytes(segment);
        bytes[8] = 9;
        File.WriteAllBytes(segment, bytes);
        Should.Throw<StoreDamagedException>(() => Open()).Message.ShouldContain("newer version");
        File.Exists(segment).ShouldBeTrue();
    }

    [Fact]
    public void What_a_crash_left_half_done_is_removed()
    {
        using (var store = Open())
        {
            Index(store.Catalog, "a", "1", "{\"n\":1}");
        }

        var folder = Path.GetDirectoryName(Segments()[0])!;
        File.WriteAllText(Path.Combine(folder, "seg-00000077.seg"), "never named by index.json");
        File.WriteAllText(Path.Combine(folder, "seg-00000078.seg.part"), "never finished");
        using var again = Open();
        Segments().ShouldHaveSingleItem();
        Directory.GetFiles(folder, "*.part").ShouldBeEmpty();
        Total(again.Catalog, "a").ShouldBe(1);
    }

    [Fact]
    public void A_disk_that_takes_nothing_is_told_and_tried_again()
    {
        using var store = Open();
        Index(store.Catalog, "a", "1", "{\"n\":1}");
        var place = Path.Combine(_folder, store.Catalog.Indexes["a"].Uuid);
        File.WriteAllText(place, "a file where the folder should be");
        Should.Throw<IOException>(store.Flush).Message.ShouldContain("can't be written");
        store.Problems.ShouldNotBeEmpty();
        Total(store.Catalog, "a").ShouldBe(1, "what isn't on the disk is still searched");
        File.Delete(place);
        store.Flush();
        store.Problems.ShouldBeEmpty();
        Segments().ShouldHaveSingleItem();
    }

    [Fact]
    public void Two_processes_never_write_one_store()
    {
        using var store = Open();
        Should.Throw<IOException>(() => Open()).Message.ShouldContain("another process has it");
    }

    [Fact]
    public void Old_segments_go_by_age_and_by_size()
    {
        using (var store = Open())
        {
            Index(store.Catalog, "old", "1", """{"@timestamp":"2026-11-01T00:00:00Z"}""");
            Index(store.Catalog, "new", "1", """{"@timestamp":"2026-11-21T08:00:00Z"}""");
            Index(store.Catalog, "newer", "1", """{"@timestamp":"2026-11-21T08:30:00Z"}""");
        }

        long bytes;
        using (var aged = Open())
        {
            aged.Retain().ShouldBe(1);
            aged.Catalog.Indexes.Keys.ShouldBe(["new", "newer"]);
            bytes = aged.Bytes;
        }

        using (var full = Open(new() { MaxBytes = bytes - 1 }))
        {
            full.Retain().ShouldBe(1);
            full.Catalog.Indexes.Keys.ShouldBe(["newer"]);
            full.Bytes.ShouldBeLessThan(bytes);
        }

        using var again = Open();
        again.Catalog.Indexes.Keys.ShouldBe(["newer"]);
        Segments().ShouldHaveSingleItem();
    }

    [Fact]
    public void Memory_for_columns_is_bounded()
    {
        using (var store = Open())
        {
            for (var i = 0; i < 300; i++)
            {
                Index(store.Catalog, "a", $"{i}", $$"""{"a":"{{new string('a', 200)}}{{i}}","b":{{i}},"c":"{{i}}"}""");
            }
        }

        using var small = Open(new() { CacheBytes = 4000 });
        foreach (var field in new[] { "a.keyword", "b", "c.keyword" })
        {
            Search(small.Catalog, "a", "{\"size\":0,\"aggs\":{\"x\":{\"cardinality\":{\"field\":\"" + field + "\"}}}}").ShouldContain("\"value\":300}");
        }

        small.Cache.Bytes.ShouldBeLessThan(100_000, "one column may be larger than the bound, more are not kept");
    }
}
