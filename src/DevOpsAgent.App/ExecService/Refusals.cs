using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.ExecService;

/// <summary>What a caller is told who was not listened to: enough for its people to repair it, nothing about others.</summary>
internal static class Refusals
{
    public static string Text(string? detail) => detail switch
    {
        "wrong_machine" => "The frame is for another machine. Give the id of this one with --machine: 'devops-agent exec identity show' prints it there.",
        "wrong_channel" => "The frame names another machine than the one whose key the connection proved.",
        "earlier_start" => "The frame was made for an earlier start of the service. Ask again.",
        "bad_agent_signature" => "The agent's signature does not fit the frame.",
        "bad_machine_signature" => "The machine's signature does not fit the frame.",
        "clock_skew" => "The frame's time is too far from this machine's. Set both clocks (NTP), or raise exec.max_skew.",
        "replayed" => "The frame was received before. Each request needs a nonce of its own.",
        "too_many_frames" => "The agent sent more frames at once than are remembered against replay. Wait a minute.",
        "bad_stdin" => "Standard input is not what was announced: its length or its SHA-256 differs.",
        "agent_not_trusted" => "The agent's key is not trusted here. On this machine: devops-agent exec trust add agent.pub --agent",
        "machine_not_trusted" => "The machine's key is not trusted here. On this machine: devops-agent exec trust add machine.pub --machine",
        "user_not_allowed" => "This user may not call. Add its number to exec.allowed_uids, or its group's to exec.allowed_gids.",
        _ => $"The request is not in the form that docs/exec.md describes (a line of JSON of at most {SignedFrame.MaxBytes} bytes, then standard input).",
    };
}
