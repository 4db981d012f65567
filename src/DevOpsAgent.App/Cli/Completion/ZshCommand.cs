using System.CommandLine;
using System.Text;

namespace DevOpsAgent.App.Cli.Completion;

internal static class ZshCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("zsh", "Completion script for zsh");
        command.SetAction(parsed => context.Terminal.Out.Write(Script(CompletionTree.Of(parsed.RootCommandResult.Command))));
        return command;
    }

    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var commands = string.Join("|", places.Where(static p => p.Path.Length > 0).Select(static p => $"'{p.Path}'"));
        var text = new StringBuilder($$"""
            #compdef devops-agent
            # devops-agent: completion for zsh.  source <(devops-agent completion zsh)
            _devops_agent() {
              local place= i
              local -a known
              for ((i = 2; i < CURRENT; i++)); do
                case "$place ${words[i]}" in
                  {{commands}}) place="$place ${words[i]}" ;;
                esac
              done
              case "$place ${words[CURRENT-1]}" in

            """);
        foreach (var place in places)
        {
            foreach (var option in place.Options.Where(static o => o.TakesValue))
            {
                var forms = string.Join("|", option.Names.Select(n => $"'{place.Path} {n}'"));
                text.Append($"    {forms}) {(option.Values.Count == 0 ? "_files" : "compadd -- " + string.Join(' ', option.Values))}; return ;;\n");
            }
        }

        text.Append("  esac\n  case \"$place\" in\n");
        foreach (var place in places)
        {
            var known = place.Commands.Select(static c => Described(c.Name, c.Description))
                .Concat(place.Options.Select(static o => Described(o.Names[0], o.Description)));
            text.Append($"    '{place.Path}') known=({string.Join(' ', known)}) ;;\n");
        }

        return text.Append("""
              esac
              [[ $place == *' '*' '* && ${words[CURRENT]} != -* ]] && _files
              _describe 'devops-agent' known
            }
            compdef _devops_agent devops-agent

            """).ToString();
    }

    private static string Described(string name, string description) => $"'{Quoted(name)}:{Quoted(description)}'";

    private static string Quoted(string text) => text.Replace("'", "'\\''", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal);
}
