import type { Command } from './command.ts';
import { readFilesAndOptions, UsageError } from './options.ts';

const shells = { bash, zsh, fish } as const;

/** What each command takes, as its usage says. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly string[];
}

type Table = Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
>;

/** Scripts for shells that complete the commands of a table. */
export const createCompletion = (commands: Table): Command => ({
  usage: `Usage: lea completion bash|zsh|fish

Prints a script that completes commands and options of \`lea\`:

  bash   lea completion bash >> ~/.bashrc
  zsh    lea completion zsh >> ~/.zshrc      (after compinit)
  fish   lea completion fish > ~/.config/fish/completions/lea.fish`,
  needs: [],
  prepare(args) {
    const { files } = readFilesAndOptions(args, {});
    const [shell, ...others] = files;
    if (shell === undefined || others.length > 0 || !Object.hasOwn(shells, shell)) {
      throw new UsageError('One of bash, zsh and fish is needed.');
    }
    return async () => {
      const entries = Object.entries(commands).map(
        async ([name, { summary, load }]): Promise<Entry> => {
          const { usage } = await load();
          return {
            name,
            summary,
            options: [...new Set(usage.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []), '--help'],
          };
        },
      );
      console.log(shells[shell as keyof typeof shells](await Promise.all(entries)));
      return 0;
    };
  },
});

function bash(entries: readonly Entry[]): string {
  const cases = entries.map(({ name, options }) => `    ${name}) words="${options.join(' ')}" ;;`);
  return `_lea() {
  local words current=\${COMP_WORDS[COMP_CWORD]}
  case \${COMP_CWORD}:\${COMP_WORDS[1]} in
    1:*) words="${entries.map(({ name }) => name).join(' ')} --help --version" ;;
${cases.join('\n').replaceAll('    ', '    *:')}
  esac
  if [[ $COMP_CWORD == 1 || $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _lea lea`;
}

function zsh(entries: readonly Entry[]): string {
  const described = entries.map(
    ({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`,
  );
  const cases = entries.map(
    ({ name, options }) => `    ${name}) compadd -- ${options.join(' ')} ;;`,
  );
  return `_lea() {
  local -a names=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command names; return; fi
  if [[ $words[CURRENT] != -* ]]; then _files; return; fi
  case $words[2] in
${cases.join('\n')}
  esac
}
compdef _lea lea`;
}

function fish(entries: readonly Entry[]): string {
  return entries
    .flatMap(({ name, summary, options }) => [
      `complete -c lea -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...options.map(
        (option) =>
          `complete -c lea -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`,
      ),
    ])
    .join('\n');
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
