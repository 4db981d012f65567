namespace DevOpsAgent.RuntimeGuard.Policy;

/// <summary>A set of system calls: a bit per number; names that this architecture lacks besides.</summary>
internal sealed class SyscallSet
{
    private readonly ulong[] _bits = new ulong[(Syscalls.MaxNumber + 1) / 64];
    private readonly HashSet<string> _absent = new(StringComparer.OrdinalIgnoreCase);

    public SyscallSet(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            if (Syscalls.TryNumber(name, out var number) && number >= 0)
            {
                _bits[number >> 6] |= 1UL << (number & 63);
            }
            else
            {
                _absent.Add(name);
            }
        }
    }

    public bool Contains(int number) => (uint)number <= Syscalls.MaxNumber && (_bits[number >> 6] >> (number & 63) & 1) != 0;

    public bool Contains(string name) =>
        Syscalls.TryNumber(name, out var number) && number >= 0 ? Contains(number) : _absent.Count > 0 && _absent.Contains(name);
}
