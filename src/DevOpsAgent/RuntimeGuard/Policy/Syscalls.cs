using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>
/// The names of Linux' system calls, their numbers here (-1: this architecture lacks it, and nobody can call it) and how grave a violation is. Names are
/// compared without regard to case everywhere, in the severity too.
/// </summary>
internal static class Syscalls
{
    /// <summary>Numbers that a policy may name directly, for calls newer than the table.</summary>
    public const int MaxNumber = 1023;

    private static readonly FrozenSet<string> Critical =
        new[] { "ptrace", "process_vm_readv", "process_vm_writev", "kexec_load", "init_module", "finit_module" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> High = new[] { "execve", "fork", "clone", "clone3" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static FrozenDictionary<string, int> Numbers { get; } = Read(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 2 : 1);

    public static string SeverityOf(string name) => Critical.Contains(name) ? "CRITICAL" : High.Contains(name) ? "HIGH" : "MEDIUM";

    /// <summary>A name, or a number from 0 to 1023 of this architecture. Never throws.</summary>
    public static bool TryNumber(string text, out int number) =>
        Numbers.TryGetValue(text, out number)
        || int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= MaxNumber;

    private static FrozenDictionary<string, int> Read(int column)
    {
        // ptrace	101	117
        using var resource = Assembly.GetExecutingAssembly().GetManifestResourceStream("syscalls.tsv")!;
        using var text = new StreamReader(resource);
        var numbers = new Dictionary<string, int>(400, StringComparer.OrdinalIgnoreCase);
        while (text.ReadLine() is { } line)
        {
            if (line.Split('\t') is { Length: 3 } fields)
            {
                numbers[fields[0]] = fields[column] == "-" ? -1 : int.Parse(fields[column], NumberStyles.None, CultureInfo.InvariantCulture);
            }
        }

        return numbers.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }
}
