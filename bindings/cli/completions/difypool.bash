# Completion of the command difypool for bash: source it, or install it as
# share/bash-completion/completions/difypool. Operations and their arguments are asked of the running
# service; nothing is started for that, and nothing is kept.

_difypool_ask() {
  DIFYPOOL_AUTOSTART=0 difypool ops --names --deadline 2 "$@" 2>/dev/null
}

# The first and second word that are no options: the command, and what it is about.
_difypool_words() {
  local i word
  command='' subject=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      --op)
      mapfile -t COMPREPLY < <(compgen -W 'chat.send completion.send workflows.run' -- "$current")
      return
      ;;
    --preset)
      mapfile -t COMPREPLY < <(compgen -W 'marked_sections marked_parent_child' -- "$current")
      return
      ;;
    --technique | --indexing-technique)
      mapfile -t COMPREPLY < <(compgen -W 'high_quality economy' -- "$current")
      return
      ;;
    --conversation | --user | --input | --kb | --set | --metadata | --max-delete) return ;;
    --profile | -p | --base-url | --key-file | --connect | --socket | --deadline | --priority | --cache | --conversation | --user | --input | --op | --kb | --set | --metadata | --max-delete | --preset | --technique | --indexing-technique | --report | --output | -o | --interval | --lines | -n) i=$((i + 1)) ;;
      -*) ;;
      *)
        if [[ -z $command ]]; then command=$word; elif [[ -z $subject ]]; then subject=$word; fi
        ;;
    esac
  done
}

_difypool() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command subject
  COMPREPLY=()
  case $previous in
    --key-file | --output | -o | --socket | --report)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --priority)
      mapfile -t COMPREPLY < <(compgen -W 'interactive normal bulk' -- "$current")
      return
      ;;
    --profile | -p | --base-url | --connect | --deadline | --cache | --interval | --lines | -n) return ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '--profile --base-url --key-file --connect --socket --deadline --priority --cache --wait --blocking --no-validate --allow-hazard --output --include --json --stream --conversation --user --input --op --kb --set --metadata --dry-run --prune --max-delete --preset --technique --report --names --watch --interval --follow --lines --quiet --help --version' -- "$current")
    return
  fi
  _difypool_words
  case $command in
    '') mapfile -t COMPREPLY < <(compgen -W 'call chat push ops status check ping stats set stop restart logs version completion help' -- "$current") ;;
    help) [[ -n $subject ]] || mapfile -t COMPREPLY < <(compgen -W 'call chat push ops status check ping stats set stop restart logs version completion' -- "$current") ;;
    completion) [[ -n $subject ]] || mapfile -t COMPREPLY < <(compgen -W 'bash zsh' -- "$current") ;;
    set)
      if [[ -z $subject ]]; then
        mapfile -t COMPREPLY < <(compgen -W 'pooling retry breaker cache' -- "$current")
      else
        mapfile -t COMPREPLY < <(compgen -W 'on off' -- "$current")
      fi
      ;;
    ops) [[ -n $subject ]] || mapfile -t COMPREPLY < <(compgen -W "$(_difypool_ask)" -- "$current") ;;
    push)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
    call)
      if [[ -z $subject ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_difypool_ask)" -- "$current")
      elif [[ $current != *[=@]* ]]; then
        compopt -o nospace 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -S = -W "$(_difypool_ask "$subject")" -- "$current")
      fi
      ;;
  esac
}

complete -F _difypool difypool
