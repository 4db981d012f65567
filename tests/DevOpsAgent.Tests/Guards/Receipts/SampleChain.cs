using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.Guards.Receipts;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Tests.Guards.Receipts;

/// <summary>A signed chain of some 600 entries over a rotation and a restart, and the keys and anchor that belong to it. Built once: nothing changes it.</summary>
internal sealed class SampleChain
{
    public static Lazy<SampleChain> Built { get; } = new(static () => new());

    private SampleChain()
    {
        var time = new FakeTime();
        Keys = KeyRing.InMemory(time);
        var store = new MemoryReceiptStore();
        for (var run = 0; run < 2; run++)
        {
            using var journal = new ReceiptJournal(store, Keys, time);
            for (var i = 0; i < 150; i++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                journal.Call(SampleCall.Intent(incident: i, at: time.GetUtcNow()));
            }

            journal.Flush();
            Keys.Rotate();
        }

        Entries = [.. store.Read(1)];
        Anchor = new(1, Entries[^1].Seq, Entries[^1].Id, "/var/lib/agent.db");
    }

    public KeyRing Keys { get; }
    public IReadOnlyList<ChainEntry> Entries { get; }
    public AnchorPoint Anchor { get; }

    public VerifyReport Verify(IEnumerable<ChainEntry> entries) => ReceiptVerifier.Verify(entries, Keys, Anchor);

    /// <summary>What somebody can do who knows the format but has no key: a new body, with the hash that it must have.</summary>
    public static ChainEntry Forge(ChainEntry entry, Func<string, string> change)
    {
        var body = Encoding.UTF8.GetBytes(change(Encoding.UTF8.GetString(entry.Body.Span)));
        return entry with { Body = body, Id = Convert.ToHexStringLower(SHA256.HashData(body)) };
    }
}
