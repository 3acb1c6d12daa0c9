# Completion of seatfile for fish.
function __seatfile_complete
    set -l current (commandline -ct)
    set -l before (commandline -opc)
    for line in (seatfile complete ":$current" $before[2..-1] 2>/dev/null </dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$current"
            case ':directories'
                __fish_complete_directories "$current"
            case ':*'
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c seatfile -f -a '(__seatfile_complete)'
