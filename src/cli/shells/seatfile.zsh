#compdef seatfile
# Completion of seatfile for zsh.
_seatfile() {
  local line word
  local -a words_found
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    case $word in
      :files) _files ;;
      :directories) _files -/ ;;
      :*) ;;
      *) words_found+=("${word//:/\\:}${${line#$word}/$'\t'/:}") ;;
    esac
  done < <(seatfile complete ":${(Q)PREFIX}" "${(@Q)words[2,CURRENT-1]}" 2>/dev/null </dev/null)
  (( $#words_found )) && _describe -V seatfile words_found
}
if [[ $funcstack[1] == _seatfile ]]; then _seatfile "$@"; else compdef _seatfile seatfile; fi
