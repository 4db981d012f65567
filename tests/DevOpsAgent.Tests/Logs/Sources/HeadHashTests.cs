using System.Text;
using DevOpsAgent.Logs.Sources;

namespace DevOpsAgent.Tests.Logs.Sources;

public sealed class HeadHashTests
{
    /// <summary>Published values of XxHash64 with seed 0.</summary>
    [Theory]
    [InlineData("", 0xef46db3751d8e999)]
    [InlineData("a", 0xd24ec4f1a98c6e5b)]
    [InlineData("abc", 0x44bc2cf5ad770999)]
    [InlineData("Nobody inspects the spammish repetition", 0xfbcea83c8a378bf1)]
    public void Is_XxHash64(string text, ulong hash) => HeadHash.Of(Encoding.ASCII.GetBytes(text)).ShouldBe(hash);
}
