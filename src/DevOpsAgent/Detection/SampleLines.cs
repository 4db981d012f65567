using System.Collections;
using System.Text;

namespace DevOpsAgent.Detection;

/// <summary>
/// Raw lines of a log, kept as the bytes that they were and read as text only where somebody looks: most evidence is
/// replaced by newer before anybody does. Invalid UTF-8 shows as U+FFFD.
/// </summary>
internal sealed class SampleLines(byte[][] lines) : IReadOnlyList<string>
{
    public int Count => lines.Length;

    public string this[int index] => Encoding.UTF8.GetString(lines[index]);

    public IEnumerator<string> GetEnumerator() => lines.Select(Encoding.UTF8.GetString).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
