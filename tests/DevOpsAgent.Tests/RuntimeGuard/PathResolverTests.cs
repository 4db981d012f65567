using DevOpsAgent.RuntimeGuard;

namespace DevOpsAgent.Tests.RuntimeGuard;

public sealed class PathResolverTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("links-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Links_are_followed_wherever_they_stand()
    {
        Directory.CreateDirectory(_root + "/real/deep");
        File.WriteAllText(_root + "/real/deep/file", "");
        File.CreateSymbolicLink(_root + "/up", "real/deep/../deep");
        File.CreateSymbolicLink(_root + "/abs", _root + "/up/file");
        var resolver = new PathResolver();
        resolver.Resolve(_root + "/up/file").ShouldBe(_root + "/real/deep/file");
        resolver.Resolve(_root + "/abs").ShouldBe(_root + "/real/deep/file");
        resolver.Resolve(_root + "/up/not-yet/there").ShouldBe(_root + "/real/deep/not-yet/there");
        resolver.Resolve(_root + "/real/deep/file").ShouldBeNull("there is nothing to add");
    }

    [Fact]
    public void A_ring_of_links_and_links_that_depend_on_who_asks_are_left_alone()
    {
        File.CreateSymbolicLink(_root + "/a", _root + "/b");
        File.CreateSymbolicLink(_root + "/b", _root + "/a");
        var resolver = new PathResolver();
        resolver.Resolve(_root + "/a").ShouldBeNull();
        resolver.Resolve(_root + "/a/x").ShouldBeNull();
        resolver.Resolve("/proc/self/exe").ShouldBeNull();
        resolver.Resolve("/dev/stdin").ShouldBeNull();
        resolver.Resolve("relative").ShouldBeNull();
    }
}
