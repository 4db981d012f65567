using System.Globalization;

namespace DevOpsAgent.Logs.Query;

/// <summary>Numbers as Java prints them, which is how Elasticsearch's JSON has them: <c>404.0</c>, <c>1.7E12</c>, <c>1.0E-5</c>.</summary>
internal static class JavaNumber
{
    public static string Text(double value) => Arrange(value, value.ToString("R", CultureInfo.InvariantCulture));

    public static string Text(float value) => Arrange(value, value.ToString("R", CultureInfo.InvariantCulture));

    /// <param name="value">The number.</param>
    /// <param name="shortest">The fewest digits that read back as the same number.</param>
    private static string Arrange(double value, string shortest)
    {
        if (double.IsNaN(value) || double.IsInfinity(value))
        {
            return double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
        }

        if (value == 0)
        {
            return double.IsNegative(value) ? "-0.0" : "0.0";
        }

        var digits = Digits(shortest, out var exponent);
        var sign = value < 0 ? "-" : "";
        var size = Math.Abs(value);
        if (size >= 1e-3 && size < 1e7)
        {
            return sign + Plain(digits, exponent);
        }

        var fraction = digits.Length > 1 ? digits[1..] : "0";
        return $"{sign}{digits[0]}.{fraction}E{exponent.ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary>Significant digits without leading or trailing zeros, and the power of ten of the first one.</summary>
    private static string Digits(string text, out int exponent)
    {
        var e = text.IndexOf('E', StringComparison.Ordinal);
        var shift = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = (e < 0 ? text : text[..e]).TrimStart('-');
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? mantissa : mantissa[..point];
        var all = point < 0 ? mantissa : whole + mantissa[(point + 1)..];
        var leading = all.Length - all.TrimStart('0').Length;
        exponent = whole.Length - 1 - leading + shift;
        return all.Trim('0');
    }

    private static string Plain(string digits, int exponent)
    {
        if (exponent < 0)
        {
            return "0." + new string('0', -exponent - 1) + digits;
        }

        return digits.Length <= exponent + 1
            ? digits + new string('0', exponent + 1 - digits.Length) + ".0"
            : digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }
}
