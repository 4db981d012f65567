using System.Text;
using System.Text.RegularExpressions;

namespace DevOpsAgent.Agent.Guardrails;

/// <summary>
/// Finds text that speaks to the model rather than to a web server, also where it is split over several values. It is a help
/// and no wall: what a model is talked into is stopped by what its tools permit.
/// </summary>
internal static class InjectionScan
{
    /// <summary>Of one value so much is looked at; no more of it is ever shown.</summary>
    public const int MaxValue = 16 * 1024;

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    // On letters and digits alone, so that spaces, dashes and dots between them change nothing.
    private static readonly Regex Phrases = new(
        "(?:ignore|disregard|forget|override|bypass|discard)(?:all|any|the|your|every|everything|these|those|of|previous|previously|prior|above|earlier|preceding|before|my|system|given|safety|content|and)*(?:instruction|prompt|rule|guideline|direction|directive|command|polic|message|context|guardrail)"
        + "|(?:new|updated|revised|additional|following)(?:system)?instructions?|system(?:prompt|override|message|instruction)|developermode|jailbreak|youarenow|pretendto(?:be|that)|fromnowonyou|actasthe(?:system|admin)"
        + "|(?:donot|dont|never|mustnot|shouldnot|refrainfrom)(?:ever)?(?:block|report|flag|ban|deny|blocking|reporting|mention)"
        + "|no(?:security)?threats?(?:was|were|is|are|has|have|been)*(?:found|detected|here|present|confirmed)"
        + "|(?:say|report|answer|conclude|respond|reply|verdict|output|classify|mark|treat)(?:that|this|it|as|with|is|the|ip|client|traffic|a|me|only)*(?:nothreat|falsepositive|benign|harmless|notmalicious)"
        + "|(?:add|put|place|insert)(?:me|us|my|myself|this|these|it|the|your|our|ip|address|client|host|range|and|[0-9])*(?:to|on|into|onto)(?:the|your|our)?(?:allow|white)list|(?:allow|white)list(?:me|us|my|this|the)(?:ip|address|client|host)?"
        + "|(?:preapproved|approved|authori[sz]ed|confirmed|signed)by(?:the)?(?:admin|operator|security|human|user|ciso|root|owner)"
        + "|(?:call|invoke|run|execute|use)(?:the)?(?:tool|function|proposeblock|querylogs|blockclient|allowaddress|applyblock|setmode)"
        + "|(?:block|ban|deny)(?:the)?(?:ip|address|client|host|range|network)(?:address)?[0-9]{1,3}"
        + "|(?:reveal|print|repeat|show|leak|exfiltrate)(?:me|the|your|all|us)*(?:systemprompt|instruction|secret|apikey|configuration)",
        Options);

    // As written: marks with which chats, tools and receipts are put together.
    private static readonly Regex Marks = new(
        "</? ?(?:tool_?(?:result|call|response|use)s?|function_?(?:result|call)s?|system|assistant|user|human|instructions?|log_data|antml[^>]{0,20}|s)(?: [^>]{0,60})?>"
        + "|<\\|[^|>]{0,40}\\|>|\\[/?inst\\]|<</?sys>>|log_data [0-9a-f]|\n ?(?:system|assistant|human|user) ?: ?|\"(?:role|tool_call_id|tool_calls|function_call)\" ?:"
        + "|\"(?:approved|permit|receipt|receipt_id|decision|verdict|policy_hash)\" ?: ?(?:true|\"(?:allow|approve|approved|yes|no_threat|false_positive|[0-9a-f]{16}))"
        + "|###? ?(?:instruction|system|response)|begin (?:system|prompt|instruction)",
        Options);

    /// <summary>The indexes of the values that speak to the model, alone or read one after another.</summary>
    public static HashSet<int> Find(IReadOnlyList<string> values)
    {
        var found = new HashSet<int>();
        var (squeezed, written) = (new StringBuilder(), new StringBuilder());
        var (squeezedAt, writtenAt) = (new List<(int At, int Value)>(), new List<(int At, int Value)>());
        var hidden = new List<(string Text, int Value)>();
        for (var i = 0; i < values.Count; i++)
        {
            var value = values[i].Length > MaxValue ? values[i][..MaxValue] : values[i];
            var first = true;
            foreach (var reading in PlainText.Readings(value))
            {
                if (!first)
                {
                    hidden.Add((reading, i));
                    continue;
                }

                first = false;
                squeezedAt.Add((squeezed.Length, i));
                writtenAt.Add((written.Length, i));
                PlainText.Squeeze(reading, squeezed);
                written.Append(reading);
                if (BeginsTurn(reading))
                {
                    found.Add(i);
                }
            }
        }

        Collect(Phrases, squeezed.ToString(), squeezedAt, found);
        Collect(Marks, written.ToString(), writtenAt, found);
        foreach (var (text, value) in hidden)
        {
            var plain = new StringBuilder();
            PlainText.Squeeze(text, plain);
            if (Phrases.IsMatch(plain.ToString()) || Marks.IsMatch(text))
            {
                found.Add(value);
            }
        }

        return found;
    }

    /// <summary>True: this one text does.</summary>
    public static bool Speaks(string text) => Find([text]).Count > 0;

    /// <summary>"system: ..." at the beginning of a value.</summary>
    private static bool BeginsTurn(string reading)
    {
        var text = reading.AsSpan().TrimStart();
        var colon = text.IndexOf(':');
        return colon is > 3 and < 12 && text[..colon].TrimEnd() is "system" or "assistant" or "human" or "user";
    }

    private static void Collect(Regex pattern, string text, List<(int At, int Value)> starts, HashSet<int> found)
    {
        foreach (var match in pattern.EnumerateMatches(text))
        {
            var at = starts.BinarySearch((match.Index, int.MaxValue), Starts);
            for (var i = (at < 0 ? ~at : at) - 1; i < starts.Count && (i < 0 || starts[i].At < match.Index + match.Length); i++)
            {
                // A value of no letters begins where the next one does, and has no part in it.
                if (i >= 0 && (i + 1 == starts.Count || starts[i + 1].At > Math.Max(match.Index, starts[i].At)))
                {
                    found.Add(starts[i].Value);
                }
            }
        }
    }

    private static readonly Comparer<(int At, int Value)> Starts = Comparer<(int At, int Value)>.Create(static (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Value.CompareTo(b.Value));
}
