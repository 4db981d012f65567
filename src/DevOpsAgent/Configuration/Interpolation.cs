using System.Text;

namespace DevOpsAgent.Configuration;

/// <summary>
/// Replaces <c>${NAME}</c> and <c>${NAME:-default}</c> (used when the variable is unset or empty) by variables of the
/// environment; <c>$${</c> stands for a literal <c>${</c>, any other $ for itself. What a variable holds is taken as it is
/// and not looked at again: a value can't pull in further variables.
/// </summary>
internal static class Interpolation
{
    /// <summary>Never throws. False: error then says what is wrong, in words that follow the key's name.</summary>
    public static bool TryExpand(string text, IReadOnlyDictionary<string, string> variables, out string expanded, out string error)
    {
        expanded = text;
        error = "";
        if (!text.Contains('$', StringComparison.Ordinal))
        {
            return true;
        }

        var result = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var rest = text.AsSpan(i);
            if (rest.StartsWith("$${", StringComparison.Ordinal))
            {
                result.Append("${");
                i += 2;
                continue;
            }

            if (!rest.StartsWith("${", StringComparison.Ordinal))
            {
                result.Append(text[i]);
                continue;
            }

            var end = rest.IndexOf('}');
            if (end < 0)
            {
                error = "has a '${' without '}'; close it, or write '$${' for a literal '${'";
                return false;
            }

            var inner = rest[2..end];
            var separator = inner.IndexOf(":-", StringComparison.Ordinal);
            var name = (separator < 0 ? inner : inner[..separator]).ToString();
            if (!IsName(name))
            {
                error = $"names no variable in '{rest[..(end + 1)]}'; write ${{NAME}} or ${{NAME:-default}}, or '$${{' for a literal '${{'";
                return false;
            }

            var set = variables.TryGetValue(name, out var value);
            if (separator >= 0 && string.IsNullOrEmpty(value))
            {
                value = inner[(separator + 2)..].ToString();
            }
            else if (!set)
            {
                error = $"needs the environment variable {name}, which is not set; set it, or write ${{{name}:-default}}";
                return false;
            }

            result.Append(value);
            i += end;
        }

        expanded = result.ToString();
        return true;
    }

    /// <summary>The text that expands to this one.</summary>
    public static string Escape(string text) => text.Replace("${", "$${", StringComparison.Ordinal);

    private static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
