namespace DevOpsAgent.Guards;

/// <summary>
/// A Permit lets one tool do one thing once: made only by the gateway, after the intent is stored and every guard allowed.
/// Whoever holds none can't cause an effect.
/// </summary>
internal sealed class Permit<TRequest>
    where TRequest : class
{
    private readonly TRequest _request;
    private int _taken;

    private Permit(object issuer, long intent, TRequest request)
    {
        IssuedBy = issuer;
        Intent = intent;
        _request = request;
    }

    /// <summary>The gateway that made it.</summary>
    public object IssuedBy { get; }

    /// <summary>The seq of the stored intent.</summary>
    public long Intent { get; }

    /// <summary>The permitted request; only once, so that a permit that leaked or is replayed does nothing.</summary>
    /// <exception cref="InvalidOperationException">It was used already.</exception>
    public TRequest Take() => Interlocked.Exchange(ref _taken, 1) == 0
        ? _request
        : throw new InvalidOperationException($"The permit of intent {Intent} was used already.");

    /// <summary>The base of the gateway's press, and of nothing else (a test holds that): the only place from which the constructor is reached.</summary>
    internal abstract class Issuer
    {
        private protected static Permit<TRequest> Issue(object issuer, long intent, TRequest request) => new(issuer, intent, request);
    }
}
