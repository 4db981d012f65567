using System.CommandLine;
using DevOpsAgent.App.ExecService;
using DevOpsAgent.Configuration;
using DevOpsAgent.Exec.Remote;

namespace DevOpsAgent.App.Cli.ExecCommands;

/// <summary>Which service is asked: the one of this machine by its socket, or another machine's by URL and id.</summary>
internal sealed class ServiceOptions
{
    private readonly Option<string?> _socket = new("--socket") { Description = "Its Unix socket (default: exec.socket)", HelpName = "file" };
    private readonly Option<string?> _url = new("--url") { Description = "Another machine's, as https://host:8687", HelpName = "url" };
    private readonly Option<string?> _machine = new("--machine") { Description = "Id of that machine; no other is asked", HelpName = "id" };
    private readonly Option<string?> _keys = new("--keys") { Description = "Directory of our keys (default: exec.keys)", HelpName = "directory" };

    public static ServiceOptions AddTo(Command command)
    {
        var options = new ServiceOptions();
        foreach (var option in (Option[])[options._socket, options._url, options._machine, options._keys])
        {
            command.Options.Add(option);
        }

        return options;
    }

    public bool AreGiven(ParseResult parsed) => parsed.GetValue(_socket) is not null || parsed.GetValue(_url) is not null;

    /// <summary>Throws <see cref="CommandException"/> for options that don't fit together and <see cref="IdentityException"/> for missing keys.</summary>
    public ExecClient Client(ParseResult parsed, ExecConfig config, TimeProvider time)
    {
        var (socket, url, machine) = (parsed.GetValue(_socket), parsed.GetValue(_url), parsed.GetValue(_machine));
        if (url is null)
        {
            return machine is null
                ? ExecClient.OverSocket(Path.GetFullPath(socket ?? config.Socket))
                : throw CommandException.Usage("--machine goes with --url.", "Leave it out: the socket is this machine's own.");
        }

        if (socket is not null)
        {
            throw CommandException.Usage("--socket and --url contradict each other; give one of them.");
        }

        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps || address.AbsolutePath != "/")
        {
            throw CommandException.Usage($"'{url}' is not a URL of a service.", "Write it as https://host:8687.");
        }

        if (machine is null || !ExecCallJson.IsHex(machine, 64))
        {
            throw CommandException.Usage("--url needs --machine ID, the id of the machine (64 hex digits).", "'devops-agent exec identity show' prints it on that machine.");
        }

        var keys = parsed.GetValue(_keys) ?? config.Keys;
        return ExecClient.OverHttps(address, new(ExecIdentity.Load(keys, PeerKind.Agent), ExecIdentity.Load(keys, PeerKind.Machine), machine, time));
    }
}
