using System.Security.Cryptography;
using DevOpsAgent.Exec.Remote;
using DevOpsAgent.Signing;

namespace DevOpsAgent.App.ExecService;

/// <summary>Makes frames of calls: signs with the agent's and the machine's key for one receiver.</summary>
/// <param name="Receiver">Id of the machine that is asked.</param>
internal sealed record CallSigner(SigningKey Agent, SigningKey Machine, string Receiver, TimeProvider Time)
{
    public byte[] Sign(ExecCall call, HelloAnswer hello) => SignedFrame.Sign(
        new()
        {
            Call = call,
            Agent = new(Agent.Id, Agent.PublicKey),
            Machine = new(Machine.Id, Machine.PublicKey),
            Receiver = Receiver,
            StartId = hello.StartId,
            Nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
            Time = Time.GetUtcNow(),
        },
        Agent,
        Machine).ToLine();
}
