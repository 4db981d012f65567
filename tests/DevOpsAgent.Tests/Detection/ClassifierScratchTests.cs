using DevOpsAgent.Detection;
using Shouldly;

namespace DevOpsAgent.Tests.Detection;

public sealed class ClassifierScratchTests
{
    /// <summary>Three keys that fall into the same pair of slots.</summary>
    private const ulong First = 6UL << 40 | 1, Second = 7UL << 40 | 1, Third = 6UL << 40 | 3;

    [Fact]
    public void Two_paths_that_collide_are_both_remembered()
    {
        var scratch = new ClassifierScratch();
        Put(scratch, First);
        Put(scratch, Second);
        for (var i = 0; i < 3; i++)
        {
            scratch.PathFor(First).Tags.ShouldBe(First);
            scratch.PathFor(Second).Tags.ShouldBe(Second);
        }
    }

    [Fact]
    public void A_third_is_never_taken_for_one_of_them_and_drives_out_the_older()
    {
        var scratch = new ClassifierScratch();
        Put(scratch, First);
        Put(scratch, Second);
        scratch.PathFor(Third).Key.ShouldNotBe(Third);
        Put(scratch, Third);
        scratch.PathFor(Third).Tags.ShouldBe(Third);
        scratch.PathFor(First).Key.ShouldNotBe(First);
    }

    private static void Put(ClassifierScratch scratch, ulong key)
    {
        ref var slot = ref scratch.PathFor(key);
        slot.Key.ShouldNotBe(key);
        slot = new() { Key = key, Tags = key };
    }
}
