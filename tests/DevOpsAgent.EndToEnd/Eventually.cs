using System.Diagnostics;

namespace DevOpsAgent.EndToEnd;

/// <summary>Waits for what another process does, without guessing how long that takes.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Asks until the answer is yes; fails after the limit, and says what was waited for.</summary>
    /// <param name="state">Added to the failure: what there was instead.</param>
    public static async Task True(Func<bool> condition, string what, Func<string>? state = null, TimeSpan? limit = null)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > (limit ?? Limit))
            {
                Assert.Fail($"Not within {limit ?? Limit}: {what}.\n{state?.Invoke()}");
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Asks until there is an answer.</summary>
    public static async Task<T> Some<T>(Func<T?> find, string what, Func<string>? state = null, TimeSpan? limit = null)
        where T : class
    {
        T? found = null;
        await True(() => (found = find()) is not null, what, state, limit);
        return found!;
    }

    /// <summary>The same for what is asked over a network.</summary>
    public static async Task<T> Some<T>(Func<Task<T?>> find, string what, Func<string>? state = null, TimeSpan? limit = null)
        where T : class
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            if (await find() is { } found)
            {
                return found;
            }

            if (clock.Elapsed > (limit ?? Limit))
            {
                Assert.Fail($"Not within {limit ?? Limit}: {what}.\n{state?.Invoke()}");
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
