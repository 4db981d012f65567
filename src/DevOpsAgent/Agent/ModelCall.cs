using System.Text;
using Microsoft.Extensions.AI;

namespace DevOpsAgent.Agent;

/// <summary>
/// Asks a model once and takes what comes, as far as it may: an endless answer is cut, a broken one is named, a fault of the
/// provider is an answer like any other. Never throws.
/// </summary>
internal static class ModelCall
{
    /// <summary>Calls in one answer that are looked at; more are dropped.</summary>
    public const int MaxCalls = 32;

    /// <summary>Characters of text per token that may be received, generously: a model that counts wrong is still bounded.</summary>
    private const int CharactersPerToken = 8;

    /// <summary>Pieces of a stream, empty ones included: a server that sends nothing for ever ends here.</summary>
    private const int MaxPieces = 100_000;

    public static async Task<ModelAnswer> RunAsync(
        IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions options, TimeSpan timeLimit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeLimit > TimeSpan.Zero ? timeLimit : TimeSpan.FromTicks(1), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var received = new Received((options.MaxOutputTokens ?? 4_000) * CharactersPerToken);
        try
        {
            // A client that doesn't heed the token is left behind.
            await ReadAsync(client, messages, options, received, either.Token).WaitAsync(either.Token);
            return received.Answer(null, "");
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return received.Answer(AnswerEnd.Cancelled, "It was given up.");
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return received.Answer(AnswerEnd.Late, "The model gave no answer in time.");
        }
        catch (Exception e)
        {
            var end = ModelFaults.Of(e);
            return received.Answer(end == AnswerEnd.Down && received.HasAny ? AnswerEnd.Cut : end, e.Message);
        }
    }

    private static async Task ReadAsync(IChatClient client, IEnumerable<ChatMessage> messages, ChatOptions options, Received received, CancellationToken cancellationToken)
    {
        // The first piece may already block its thread.
        await Task.Yield();
        await foreach (var update in client.GetStreamingResponseAsync(messages, options, cancellationToken).WithCancellation(cancellationToken))
        {
            if (!received.Take(update))
            {
                return;
            }
        }
    }

    /// <summary>What has come so far. A reader that was left behind may still write to it: under a lock.</summary>
    private sealed class Received(int maxCharacters)
    {
        private readonly Lock _lock = new();
        private readonly StringBuilder _text = new();
        private readonly StringBuilder _thoughts = new();
        private readonly List<FunctionCallContent> _calls = [];
        private ChatFinishReason? _finish;
        private string _problem = "";
        private long? _in;
        private long? _out;
        private int _pieces;
        private bool _full;
        private bool _closed;

        public bool HasAny
        {
            get
            {
                lock (_lock)
                {
                    return _text.Length > 0 || _calls.Count > 0 || _thoughts.Length > 0;
                }
            }
        }

        /// <returns>False: enough.</returns>
        public bool Take(ChatResponseUpdate update)
        {
            lock (_lock)
            {
                if (_closed)
                {
                    return false;
                }

                _finish = update.FinishReason ?? _finish;
                foreach (var content in update.Contents)
                {
                    Take(content);
                }

                _full |= ++_pieces >= MaxPieces;
                return !_full;
            }
        }

        /// <param name="end">Null: by what came.</param>
        public ModelAnswer Answer(AnswerEnd? end, string problem)
        {
            lock (_lock)
            {
                _closed = true;
                var empty = _text.Length == 0 && _calls.Count == 0;
                return new()
                {
                    End = end ?? (_finish == ChatFinishReason.ContentFilter ? AnswerEnd.Refused
                        : _problem.Length > 0 ? (empty ? AnswerEnd.Down : AnswerEnd.Cut)
                        : _full || _finish == ChatFinishReason.Length ? AnswerEnd.Length
                        : string.IsNullOrWhiteSpace(_text.ToString()) && _calls.Count == 0 ? AnswerEnd.Empty
                        : AnswerEnd.Complete),
                    Text = _text.ToString(),
                    Thoughts = _thoughts.ToString(),
                    Calls = [.. _calls],
                    TokensIn = _in,
                    TokensOut = _out,
                    Problem = problem.Length > 0 ? problem : _problem,
                };
            }
        }

        private void Take(AIContent content)
        {
            switch (content)
            {
                case TextContent text:
                    Append(_text, text.Text);
                    break;
                case TextReasoningContent thought:
                    Append(_thoughts, thought.Text);
                    break;
                case FunctionCallContent call when _calls.Count < MaxCalls:
                    _calls.Add(call);
                    break;
                case FunctionCallContent:
                    _full = true;
                    break;
                case UsageContent usage:
                    _in = Math.Max(_in ?? 0, usage.Details.InputTokenCount ?? 0);
                    _out = Math.Max(_out ?? 0, usage.Details.OutputTokenCount ?? 0);
                    break;
                case ErrorContent error:
                    _problem = error.Message;
                    break;
            }
        }

        private void Append(StringBuilder to, string? text)
        {
            var left = maxCharacters - _text.Length - _thoughts.Length;
            if (text?.Length > left)
            {
                _full = true;
                text = text[..Math.Max(0, left)];
            }

            to.Append(text);
        }
    }
}
