using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent.Llm;

/// <summary>
/// The one layer that asks again: after 429, 529 and other 5xx, and failed connections, as long as the server asks (Retry-After) or a
/// growing pause. An answer of which something was handed on already isn't asked for again.
/// </summary>
internal sealed class RetryingChatClient(IChatClient inner, LlmPatience patience, TimeProvider time) : DelegatingChatClient(inner)
{
    public override async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var list = messages.ToList();
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await base.GetResponseAsync(list, options, cancellationToken);
            }
            catch (LlmException e)
            {
                await PauseAsync(e, tries, cancellationToken);
            }
        }
    }

    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var list = messages.ToList();
        var begun = false;
        for (var tries = 1; ; tries++)
        {
            await using var updates = base.GetStreamingResponseAsync(list, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                try
                {
                    if (!await updates.MoveNextAsync())
                    {
                        yield break;
                    }
                }
                catch (LlmException e) when (!begun)
                {
                    await PauseAsync(e, tries, cancellationToken);
                    break;
                }

                begun = true;
                yield return updates.Current;
            }
        }
    }

    /// <exception cref="LlmException">It isn't to be tried again.</exception>
    private async Task PauseAsync(LlmException fault, int tries, CancellationToken cancellationToken)
    {
        var pause = patience.PauseAfter(tries);
        pause = fault.RetryAfter is { } wish && wish > pause ? wish : pause;
        if (!fault.IsPassing || tries >= patience.Tries || pause > patience.LongestPause)
        {
            var asked = fault.RetryAfter is { } after ? $" It asks to wait {after.TotalSeconds:0} s." : "";
            throw tries == 1 && asked.Length == 0 ? fault : new LlmException(fault.Kind, string.Create(CultureInfo.InvariantCulture, $"{fault.Message}{(tries > 1 ? $" Tried {tries} times." : "")}{asked}"), fault)
            {
                Status = fault.Status,
                RetryAfter = fault.RetryAfter,
            };
        }

        await Task.Delay(pause, time, cancellationToken);
    }
}
