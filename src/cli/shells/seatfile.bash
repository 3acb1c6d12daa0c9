# Completion of seatfile for bash.
_seatfile() {
  local line=${COMP_LINE:0:COMP_POINT} word does begun breaks
  COMPREPLY=()
  begun=${line##*[[:space:]]}
  breaks=${COMP_WORDBREAKS//[!=@:]/} # bash replaces only what stands behind the last of these
  if [[ -n $breaks ]]; then begun=${begun%"${begun##*[$breaks]}"}; else begun=''; fi
  while IFS=$'\t' read -r word does; do
    case $word in
      :files) ;;
      :directories) compopt -o dirnames +o default 2>/dev/null ;;
      :*) compopt +o default 2>/dev/null ;;
      *) COMPREPLY+=("${word#"$begun"}") ;;
    esac
  done < <(seatfile complete --line "$line" 2>/dev/null </dev/null)
}
complete -o default -F _seatfile seatfile
