using System.CommandLine;
using System.Text;

namespace DevOpsAgent.App.Cli.Completion;

internal static class BashCommand
{
    public static Command Build(CommandContext context)
    {
        var command = new Command("bash", "Completion script for bash");
        command.SetAction(parsed => context.Terminal.Out.Write(Script(CompletionTree.Of(parsed.RootCommandResult.Command))));
        return command;
    }

    public static string Script(IReadOnlyList<CompletionPlace> places)
    {
        var commands = string.Join("|", places.Where(static p => p.Path.Length > 0).Select(static p => $"'{p.Path}'"));
        var text = new StringBuilder($$"""
            # devops-agent: completion for bash.  source <(devops-agent completion bash)
            _devops_agent() {
              local current=${COMP_WORDS[COMP_CWORD]} place= known= options= i
              for ((i = 1; i < COMP_CWORD; i++)); do
                case "$place ${COMP_WORDS[i]}" in
                  {{commands}}) place="$place ${COMP_WORDS[i]}" ;;
                esac
              done
              case "$place ${COMP_WORDS[COMP_CWORD-1]}" in

            """);
        foreach (var place in places)
        {
            foreach (var option in place.Options.Where(static o => o.TakesValue))
            {
                var forms = string.Join("|", option.Names.Select(n => $"'{place.Path} {n}'"));
                var reply = option.Values.Count == 0 ? "-f" : $"-W '{string.Join(' ', option.Values)}'";
                text.Append($"    {forms}) COMPREPLY=($(compgen {reply} -- \"$current\")); return ;;\n");
            }
        }

        text.Append("  esac\n  case \"$place\" in\n");
        foreach (var place in places)
        {
            var names = string.Join(' ', place.Options.SelectMany(static o => o.Names));
            text.Append($"    '{place.Path}') known='{string.Join(' ', place.Commands.Select(static c => c.Name))}' options='{names}' ;;\n");
        }

        return text.Append("""
              esac
              [[ $current == -* || (-z $known && -z $current && $COMP_CWORD -gt 1) ]] && known="$known $options"
              COMPREPLY=($(compgen -W "$known" -- "$current"))
            }
            complete -o default -F _devops_agent devops-agent

            """).ToString();
    }
}
