using DevOpsAgent.Detection;
using Shouldly;

namespace DevOpsAgent.Tests.Detection;

public sealed class ClassifierScratchTests
{
    [Fact]
    public void Paths_that_share_their_places_are_remembered_together()
    {
        var scratch = new ClassifierScratch();
        for (var i = 0; i < 4; i++)
        {
            Put(scratch, Key(i));
        }

        for (var i = 0; i < 4; i++)
        {
            scratch.PathFor(Key(i)).Tags.ShouldBe(Key(i));
        }
    }

    [Fact]
    public void One_more_is_never_taken_for_another_and_drives_out_only_one()
    {
        var scratch = new ClassifierScratch();
        for (var i = 0; i < 4; i++)
        {
            Put(scratch, Key(i));
        }

        scratch.PathFor(Key(4)).Key.ShouldNotBe(Key(4));
        Put(scratch, Key(4));
        Enumerable.Range(0, 5).Count(i => scratch.PathFor(Key(i)).Key == Key(i)).ShouldBe(4);
    }

    /// <summary>Keys that fall into the same set of places.</summary>
    private static ulong Key(int i) => 8UL << 40 | (ulong)i << 1 | 1;

    // As the classifier does it: asked for once, written where the answer stands.
    private static void Put(ClassifierScratch scratch, ulong key)
    {
        ref var slot = ref scratch.PathFor(key);
        slot.Key.ShouldNotBe(key);
        slot = new() { Key = key, Tags = key };
    }
}
