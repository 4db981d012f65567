using System.Text.Json;
using DevOpsAgent.LogStore.Analysis;

namespace DevOpsAgent.LogStore.Api;

/// <summary>The words of texts as _analyze shows them. Several texts lie apart by a gap of a hundred positions.</summary>
internal static class AnalyzeJson
{
    private const int Gap = 100;

    public static void Write(Utf8JsonWriter json, IReadOnlyList<string> texts, bool isKeyword)
    {
        json.WriteStartArray("tokens");
        var position = -1;
        var offset = 0;
        foreach (var text in texts)
        {
            List<Token> tokens = isKeyword ? [new(text, 0, text.Length, "word")] : StandardTokenizer.Tokens(text);
            foreach (var token in tokens)
            {
                position++;
                json.WriteStartObject();
                json.WriteString("token", token.Text);
                json.WriteNumber("start_offset", offset + token.Start);
                json.WriteNumber("end_offset", offset + token.End);
                json.WriteString("type", token.Type);
                json.WriteNumber("position", position);
                json.WriteEndObject();
            }

            position += Gap;
            offset += text.Length + 1;
        }

        json.WriteEndArray();
    }
}
