using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace DevOpsAgent.Exec;

/// <summary>The id that the asker gives a request: 32 lower-case hex digits (16 bytes), never used twice.</summary>
internal readonly record struct ExecRequestId
{
    private readonly string? _hex;

    private ExecRequestId(string hex) => _hex = hex;

    public static ExecRequestId New() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));

    /// <summary>Never throws. Upper-case digits are read as lower-case, so that two spellings are one id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ExecRequestId id)
    {
        id = default;
        if (text is not { Length: 32 } || !text.All(char.IsAsciiHexDigit))
        {
            return false;
        }

        id = new(text.ToLowerInvariant());
        return true;
    }

    public override string ToString() => _hex ?? new string('0', 32);
}
