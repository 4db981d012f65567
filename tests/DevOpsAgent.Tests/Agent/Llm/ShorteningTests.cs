using DevOpsAgent.Agent.Llm;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Tests.Agent.Llm;

public sealed class ShorteningTests
{
    [Fact]
    public void Oldest_turns_go_first_and_the_last_results_are_cut()
    {
        var messages = Conversation(4, 4000);
        Shortening.TryShorten(messages, Shortening.Estimate(messages) / 2, out var half).ShouldBeTrue();
        half.Count.ShouldBeLessThan(messages.Count);
        half[^1].ShouldBeSameAs(messages[^1]);

        Shortening.TryShorten(messages, 600, out var least).ShouldBeTrue();
        Shortening.Estimate(least).ShouldBeLessThan(700);
        ToolResultText.Of(least[^1].Contents.OfType<FunctionResultContent>().First()).ShouldContain("left out");
        messages.Count.ShouldBe(Conversation(4, 4000).Count);
    }

    [Fact]
    public void Where_nothing_can_go_it_says_so()
    {
        List<ChatMessage> messages = [new(ChatRole.System, new string('s', 10_000)), new(ChatRole.User, new string('q', 10_000))];
        Shortening.TryShorten(messages, 100, out var same).ShouldBeFalse();
        same.ShouldBe(messages);
    }

    /// <summary>Holds for every conversation and every limit.</summary>
    [Fact]
    public void No_result_without_its_call_no_call_without_its_result_and_system_and_question_stay() =>
        Prop.ForAll<byte[], ushort>(static (sizes, most) =>
        {
            var messages = Random(sizes ?? []);
            Shortening.TryShorten(messages, most, out var shorter);
            var calls = shorter.SelectMany(static m => m.Contents).OfType<FunctionCallContent>().Select(static c => c.CallId).ToList();
            var results = shorter.SelectMany(static m => m.Contents).OfType<FunctionResultContent>().Select(static r => r.CallId).ToList();
            results.ShouldBe(calls);
            shorter.Where(static m => m.Role == ChatRole.System).ShouldBe(messages.Where(static m => m.Role == ChatRole.System));
            shorter.Last(static m => m.Role == ChatRole.User).ShouldBeSameAs(messages.Last(static m => m.Role == ChatRole.User));
            shorter.First(static m => m.Role == ChatRole.User).ShouldBeSameAs(messages.First(static m => m.Role == ChatRole.User));
            Shortening.Estimate(shorter).ShouldBeLessThanOrEqualTo(Shortening.Estimate(messages));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static List<ChatMessage> Conversation(int turns, int size)
    {
        List<ChatMessage> messages = [new(ChatRole.System, "Be short."), new(ChatRole.User, "Who is it?")];
        for (var i = 0; i < turns; i++)
        {
            Turn(messages, $"{i}", size, i % 2 == 0);
        }

        return messages;
    }

    private static List<ChatMessage> Random(byte[] sizes)
    {
        List<ChatMessage> messages = [new(ChatRole.System, "Be short."), new(ChatRole.User, "Who is it?")];
        for (var i = 0; i < sizes.Length; i++)
        {
            switch (sizes[i] % 5)
            {
                case 0:
                    messages.Add(new(ChatRole.Assistant, new string('a', sizes[i] * 10)));
                    break;
                case 1:
                    messages.Add(new(ChatRole.User, new string('u', sizes[i])));
                    break;
                case 2:
                    messages.Add(new(ChatRole.System, "Remember."));
                    break;
                default:
                    Turn(messages, $"{i}", sizes[i] * 20, sizes[i] % 2 == 0);
                    break;
            }
        }

        return messages;
    }

    /// <summary>Two calls; their results in one message or in two.</summary>
    private static void Turn(List<ChatMessage> messages, string id, int size, bool together)
    {
        messages.Add(new(ChatRole.Assistant, [new FunctionCallContent(id + "a", "t"), new FunctionCallContent(id + "b", "t")]));
        FunctionResultContent[] results = [new(id + "a", string.Concat(Enumerable.Repeat("🐧x", size / 3))), new(id + "b", new string('r', size))];
        messages.AddRange(together ? [new(ChatRole.Tool, [.. results])] : results.Select(static r => new ChatMessage(ChatRole.Tool, [r])));
    }
}
