using System.Globalization;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.Tests.Exec.Remote;

public sealed class ReplayMemoryTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);
    private readonly ReplayMemory _memory = new(TimeSpan.FromSeconds(30));

    [Fact]
    public void One_agent_fills_its_own_room_only_and_gets_it_back()
    {
        for (var i = 0; i < ReplayMemory.MaxPerAgent; i++)
        {
            _memory.Remember("a", Nonce(i), Start, Start).ShouldBe(ReplayVerdict.Fresh);
        }

        _memory.Remember("a", Nonce(-1), Start, Start).ShouldBe(ReplayVerdict.Full);
        _memory.Remember("b", Nonce(-1), Start, Start).ShouldBe(ReplayVerdict.Fresh);
        var later = Start.AddSeconds(31);
        _memory.Remember("a", Nonce(-1), later, later).ShouldBe(ReplayVerdict.Fresh);
        _memory.Remember("a", Nonce(0), later, later).ShouldBe(ReplayVerdict.Fresh); // long past, and no frame of then is accepted
        _memory.Remember("a", Nonce(0), Start, later).ShouldBe(ReplayVerdict.Skew);
    }

    [Fact]
    public void The_same_nonce_of_another_agent_is_another()
    {
        _memory.Remember("a", Nonce(1), Start, Start).ShouldBe(ReplayVerdict.Fresh);
        _memory.Remember("b", Nonce(1), Start, Start).ShouldBe(ReplayVerdict.Fresh);
        _memory.Remember("a", Nonce(1), Start.AddSeconds(1), Start).ShouldBe(ReplayVerdict.Replayed);
    }

    [Fact]
    public void Of_many_at_once_one_wins()
    {
        var fresh = 0;
        Parallel.For(0, 64, _ =>
        {
            if (_memory.Remember("a", Nonce(1), Start, Start) == ReplayVerdict.Fresh)
            {
                Interlocked.Increment(ref fresh);
            }
        });
        fresh.ShouldBe(1);
    }

    [Fact]
    public void A_look_leaves_nothing_behind()
    {
        _memory.Look("a", Nonce(1), Start, Start).ShouldBe(ReplayVerdict.Fresh);
        _memory.Look("a", Nonce(1), Start, Start).ShouldBe(ReplayVerdict.Fresh);
        _memory.Remember("a", Nonce(1), Start, Start).ShouldBe(ReplayVerdict.Fresh);
        _memory.Look("a", Nonce(1), Start, Start).ShouldBe(ReplayVerdict.Replayed);
    }

    private static string Nonce(int number) => number.ToString("x32", CultureInfo.InvariantCulture);
}
