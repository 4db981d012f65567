using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DevOpsAgent.Signing;

namespace DevOpsAgent.Audit;

/// <summary>Gives bodies their place in the chain (v, seq, prev, hash) and collects the lines of one write..</summary>
internal sealed class LineSealer
{
    // Larger buffers, from a rare batch of large lines, are not kept.
    private const int KeepBytes = 1 << 20;

    private readonly byte[] _prev = new byte[LineForm.HashDigits];
    private byte[] _buffer = new byte[64 << 10];
    private int _length;
    private long _seq;

    public ReadOnlySpan<byte> Bytes => _buffer.AsSpan(0, _length);

    public int Lines { get; private set; }

    public long Seq => _seq;

    /// <summary>seq and hash of the last line sealed.</summary>
    public ChainEnd End => new(_seq, Encoding.ASCII.GetString(_prev));

    public void Begin(ChainEnd end)
    {
        _length = 0;
        Lines = 0;
        _seq = end.Seq;
        Encoding.ASCII.GetBytes(end.Hash, _prev);
        if (_buffer.Length > KeepBytes)
        {
            _buffer = new byte[64 << 10];
        }
    }

    public void Add(LineBody body, SigningKey? key = null)
    {
        // 400: the keys added here, with a signature in base64.
        var start = _length;
        Reserve(body.Length + 400);
        body.Bytes.CopyTo(_buffer.AsSpan(_length));
        _length += body.Length;
        Append(",\"v\":1,\"seq\":"u8);
        (_seq + 1).TryFormat(_buffer.AsSpan(_length), out var digits, default, CultureInfo.InvariantCulture);
        _length += digits;
        Append(",\"prev\":\""u8);
        Append(_prev);
        Append("\""u8);
        if (key is not null)
        {
            var signature = Convert.ToBase64String(key.Sign(_buffer.AsSpan(start, _length - start)));
            Append(LineForm.SignatureKey);
            _length += Encoding.ASCII.GetBytes(signature, _buffer.AsSpan(_length));
            Append("\""u8);
        }

        _buffer[_length] = (byte)'}';
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_buffer.AsSpan(start, _length + 1 - start), digest);
        Convert.TryToHexStringLower(digest, _prev, out _);
        Append(LineForm.HashKey);
        Append(_prev);
        Append("\"}\n"u8);
        _seq++;
        Lines++;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
        }
    }
}
