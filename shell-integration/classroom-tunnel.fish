# Classroom Tunnel for fish 3.1 and newer. Put into ~/.config/fish/config.fish:
#
#   source /path/to/classroom-tunnel.fish
#
# Does what classroom-tunnel.bash does, with the same variables (CLASSROOM_TUNNEL_CLI, CLASSROOM_TUNNEL_COMMANDS).
# fish gives its hooks a whole line before any of it runs, not each command. So a watched command that the line then never
# reaches (`false; and npm run dev`) is published, and so is one in a block in the background; a command that an eval takes
# from a variable is not. Commands in ( ) and in functions are not published.

if not status is-interactive; or set -q CLASSROOM_TUNNEL_WINDOW[1]; or string match -q "shell-$fish_pid-*" -- "$__classroom_tunnel_holder"
    exit
end

set -g __classroom_tunnel_holder "shell-$fish_pid-"(random 100000 999999)(random 100000 999999)
set -g __classroom_tunnel_publisher (builtin realpath (status filename) | string replace -r '[^/]*$' publish.sh)
set -g __classroom_tunnel_variable PORT
set -g __classroom_tunnel_published
set -g __classroom_tunnel_watched 'npm run dev' 'npm start'
set -g __classroom_tunnel_cli classroom-tunnel
# A comment; a word, with its quotes and with the ( ) in it; what stands between commands; a redirection.
set -g __classroom_tunnel_token '(?s)(?(DEFINE)(?<nested>\((?:(?&quoted)|(?&nested)|[^()\\\\\'"])*\))(?<quoted>\\\\.|\'(?:\\\\.|[^\'\\\\])*\'|"(?:\\\\.|[^"\\\\])*"))#[^\n]*|(?:(?&quoted)|(?&nested)|[^\s;&|<>()\\\\\'"])+|&&|\|\||&\||[;&|\n]|[<>]+[&?]?'

# Asks the command once. Without an answer the defaults stand, and publish.sh says what is wrong.
function __classroom_tunnel_setup
    if set -q CLASSROOM_TUNNEL_CLI[1]
        set __classroom_tunnel_cli (string split -n ' ' -- $CLASSROOM_TUNNEL_CLI)
    end
    $__classroom_tunnel_cli shell-init fish 2>/dev/null </dev/null | source
    if set -q CLASSROOM_TUNNEL_COMMANDS[1]
        set __classroom_tunnel_watched (string split -n \n -- $CLASSROOM_TUNNEL_COMMANDS)
    end
end

# Prints the tokens of a line ($argv[1]), a line break as `;` and comments left out.
function __classroom_tunnel_tokens
    for token in (string replace -a \n ' ; ' -- $argv[1] | string join ' ; ' | string match -ar $__classroom_tunnel_token)
        string match -q '#*' -- $token; or echo -- $token
    end
end

# Prints a command (its words as arguments) as npm would spell it, like src/shell/packageScripts.ts: each word with \x01 after.
function __classroom_tunnel_normalized
    set -l program $argv[1]
    set -l verb run
    set -l rest (string replace -r -- '^--run=' --run\n $argv[2..-1])
    if contains -- $program npm npx pnpm pnpx yarn bun bunx node deno
        __classroom_tunnel_skip_flags
        switch "$program $rest[1]"
            case 'npm run' 'npm run-script' 'npm rum' 'npm urn' 'pnpm run' 'pnpm run-script' 'yarn run' 'bun run' 'node --run' 'deno task'
                set -e rest[1]
                __classroom_tunnel_skip_flags
            case 'npm exec' 'npm x' 'pnpm exec' 'pnpm dlx' 'yarn exec' 'yarn dlx' 'bun x'
                set verb exec
                set -e rest[1]
                __classroom_tunnel_skip_flags
            case 'npm start' 'npm stop' 'npm restart' 'npm test'
            case 'npx *' 'pnpx *' 'bunx *'
                set verb exec
            case 'npm *' 'node *' 'deno *'
                set rest
        end
        if set -q rest[1]
            test "$rest[2]" != --; or set -e rest[2]
            set argv npm $verb $rest
        end
    end
    string join '' -- $argv\x01
end

# Removes the flags of the caller's `program` from the start of its `rest`.
function __classroom_tunnel_skip_flags -S
    while string match -q -- '-*' $rest[1]; and test "$rest[1]" != --run
        set -l flag $rest[1]
        set -e rest[1]
        test "$flag" != --; or return
        if contains -- $flag -C -F --cwd --dir --env-file --filter --loglevel --package --prefix --workspace
            or contains -- "$program $flag" 'npm -w' 'npm -p' 'npx -p'
            set -e rest[1]
        end
    end
end

# Whether the simple command in the caller's `words` and `assignments` is a watched one. Prints it, and on a second line the
# assignment of the port variable, if there is one.
function __classroom_tunnel_is -S
    set -l given
    for word in $words
        set -a given (string unescape -- $word; or echo -- $word)
    end
    if test "$given[1]" = eval; and set -q given[2]
        __classroom_tunnel_find "$given[2..-1]"
        return
    end
    set given (__classroom_tunnel_normalized $given)
    for watched in $__classroom_tunnel_watched
        set -l wanted
        for word in (__classroom_tunnel_tokens $watched)
            set -a wanted (string unescape -- $word; or echo -- $word)
        end
        set -q wanted[1]; or continue
        set wanted (__classroom_tunnel_normalized $wanted)
        test (string sub -l (string length -- $wanted) -- $given) = $wanted; or continue
        echo -- $watched
        string match -- "$__classroom_tunnel_variable=*" $assignments | tail -n 1
        return 0
    end
    return 1
end

# Looks for a watched command in a line ($argv[1]); prints as above, or fails.
function __classroom_tunnel_find
    set -l words
    set -l assignments
    set -l skip 0
    # How many blocks are open, counted from the outermost function on: what is in one is not run now.
    set -l inside 0
    for token in (__classroom_tunnel_tokens $argv[1]) ';'
        if test $skip = 1
            set skip 0
        else if contains -- $token ';' '&' '|' '&&' '||' '&|'
            if test $inside = 0; and set -q words[1]
                __classroom_tunnel_is; and return 0
            end
            set words
            set assignments
        else if string match -qr '^[<>]' -- $token
            set skip 1
            # The number before it (2>log) is no word.
            string match -qr '^\d+$' -- "$words[-1]"; and set -e words[-1]
        else if set -q words[1]
            set -a words $token
        else if contains -- $token and or not ! time if while else begin
            contains -- $token if while begin; and test $inside -gt 0; and set inside (math $inside + 1)
        else if contains -- $token function for switch
            if test $token = function; or test $inside -gt 0
                set inside (math $inside + 1)
            end
            set words $token
        else if test $token = end
            test $inside -gt 0; and set inside (math $inside - 1)
            set words $token
        else if string match -qr '^[A-Za-z_][A-Za-z_0-9]*=' -- $token
            set -a assignments $token
        else
            set words $token
        end
    end
    return 1
end

function __classroom_tunnel_preexec --on-event fish_preexec
    # Nothing of this is done for lines that cannot match.
    set -l line (string replace -ar '[\'"\\\\]' '' -- $argv[1] | string collect)
    set -l possible 0
    for watched in $__classroom_tunnel_watched
        # The last word, as the first ones may be spelled in several ways.
        set -l last (string split -n ' ' -- (string replace -ar '[\'"\\\\]' '' -- $watched | string replace -- --run= ''))[-1]
        string match -q -- "*$last*" $line; and set possible 1
    end
    test $possible = 1; or return
    set -l found (__classroom_tunnel_find $argv[1]); or return
    set -l variable $__classroom_tunnel_variable
    set -l port
    set -l problem
    if set -q found[2]
        set -l value (string replace "$variable=" '' -- $found[2])
        # One plain variable is looked up; anything else would have to be run to be known.
        if set -l name (string match -r '^"?\$([A-Za-z_][A-Za-z_0-9]*)"?$' -- $value)
            set port $$name[2]
        else if string match -qr '[$(]' -- $value
            set problem __classroom_tunnel_port_unknown
        else
            set port (string unescape -- $value; or echo -- $value)
        end
    else if set -qx $variable
        set port $$variable
    else if set -q $variable
        set problem __classroom_tunnel_port_not_exported
    end
    if test -z "$problem$port"
        set problem __classroom_tunnel_no_port
    else if test -z "$problem"; and not string match -qr '^\d+$' -- $port
        set problem __classroom_tunnel_port_invalid
    end
    if test -n "$problem"; and set -q $problem
        sh $__classroom_tunnel_publisher say $fish_pid $__classroom_tunnel_holder $$problem </dev/null
        return
    end
    set __classroom_tunnel_published 1
    # fish puts only programs into the background, not functions.
    sh $__classroom_tunnel_publisher publish $fish_pid $__classroom_tunnel_holder "$port" $__classroom_tunnel_cli </dev/null &
    disown $last_pid 2>/dev/null
end

function __classroom_tunnel_exit --on-event fish_exit
    if test -n "$__classroom_tunnel_published"
        # Not with `&`: fish hangs up on what it has just put into the background. The script does that, once it is safe.
        sh $__classroom_tunnel_publisher release $fish_pid $__classroom_tunnel_holder '' $__classroom_tunnel_cli </dev/null >/dev/null 2>&1
    end
end

__classroom_tunnel_setup
