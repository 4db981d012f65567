using System.Buffers.Binary;
using System.Globalization;
using DevOpsAgent.Addresses;
using Microsoft.Data.Sqlite;

namespace DevOpsAgent.Store.Sqlite;

/// <summary>The stored form of times, addresses and enums; see <see cref="SqliteSchema"/>.</summary>
internal static class SqliteValues
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

    public static string Of(DateTimeOffset at) => at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    public static string? Of(DateTimeOffset? at) => at is { } value ? Of(value) : null;

    public static string Of<T>(T value) where T : struct, Enum => Names<T>.Stored[value];

    public static byte[] Of(ClientAddress address)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, address.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(8), address.Low);
        return bytes;
    }

    /// <summary>The highest address of the range.</summary>
    public static byte[] LastOf(AddressRange range)
    {
        var bytes = Of(range.Address);
        for (var bit = 128 - ((range.IsIPv4 ? 32 : 128) - range.PrefixLength); bit < 128; bit++)
        {
            bytes[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return bytes;
    }

    public static DateTimeOffset Time(this SqliteDataReader row, int column) =>
        DateTimeOffset.ParseExact(row.GetString(column), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    public static DateTimeOffset? TimeOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static string? TextOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long? NumberOrNull(this SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    /// <summary>Also of a column that somebody wrote text or a number into.</summary>
    public static byte[] BytesOfAny(this SqliteDataReader row, int column) => row.GetValue(column) as byte[] ?? System.Text.Encoding.UTF8.GetBytes(row.GetString(column));

    public static byte[] Bytes(this SqliteDataReader row, int column) => (byte[])row.GetValue(column);

    public static ClientAddress Address(this SqliteDataReader row, int column)
    {
        var bytes = row.Bytes(column);
        return new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(8)));
    }

    public static T Name<T>(this SqliteDataReader row, int column) where T : struct, Enum =>
        Names<T>.Values.TryGetValue(row.GetString(column), out var value)
            ? value
            : throw new StoreException($"The database holds an unknown {typeof(T).Name} '{row.GetString(column)}': it was changed by hand.", StoreFault.Corrupt);

    private static class Names<T> where T : struct, Enum
    {
        public static readonly Dictionary<T, string> Stored = Enum.GetValues<T>().ToDictionary(static v => v, static v => v.ToString().ToLowerInvariant());
        public static readonly Dictionary<string, T> Values = Stored.ToDictionary(static p => p.Value, static p => p.Key, StringComparer.Ordinal);
    }
}
