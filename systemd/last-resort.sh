#!/bin/sh
# Pages when buzzwatch.service does not run: by Apprise, and where that does not work by curl alone.
# Needs neither the database nor the state, rules or configuration of the daemon.
#
#   last-resort.sh look    what buzzwatch-failed.service does each minute: pages if something is wrong
#   last-resort.sh test    sends a test to everybody named; run by root
#
# A minute is bad if the daemon did not run at its end or was restarted in it. Three bad ones of the last ten page, and so
# does a unit that systemd has given up, at once. Still bad, it pages again after AGAIN minutes; five good ones in a row
# end it, and that is told too. A stop by hand is none of our business. Minutes are counted, no clock is believed.
set -u
umask 077
LC_ALL=C
export LC_ALL

unit=${UNIT:-buzzwatch.service}
again=${AGAIN:-30}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
memory=${RUNTIME_DIRECTORY:-/run/buzzwatch-failed}
credentials=${CREDENTIALS_DIRECTORY:-/etc/buzzwatch/credentials}
export CREDENTIALS_DIRECTORY="$credentials"

say() { # LEVEL TEXT: the journal takes levels as prefixes
    if [ -n "${JOURNAL_STREAM:-}" ]; then printf '<%s>%s\n' "$1" "$2"; else printf '%s\n' "$2"; fi >&2
}

# --- what systemd says ----------------------------------------------------------------------------------------------

ask_systemd() {
    load=unknown active=unknown sub=unknown result=unknown restarts=0 enabled='' entered=0 left=0 code='' status=''
    answer=$(timeout 20 systemctl show "$unit" --property=LoadState,ActiveState,SubState,Result,NRestarts,UnitFileState \
        --property=ActiveEnterTimestampMonotonic,InactiveEnterTimestampMonotonic,ExecMainStatus,StatusText 2>/dev/null)
    while IFS='=' read -r key value; do
        case $key in
            LoadState) load=$value ;;
            ActiveState) active=$value ;;
            SubState) sub=$value ;;
            Result) result=$value ;;
            NRestarts) restarts=$value ;;
            UnitFileState) enabled=$value ;;
            ActiveEnterTimestampMonotonic) entered=$value ;;
            InactiveEnterTimestampMonotonic) left=$value ;;
            ExecMainStatus) code=$value ;;
            StatusText) status=$value ;;
        esac
    done <<END
$answer
END
    case $restarts in '' | *[!0-9]*) restarts=0 ;; esac
    [ $active != unknown ] || status='systemd ne répond pas : le service va peut-être bien / systemd does not answer: the service may be well'
}

# good, bad, given-up, or stopped by somebody
judge() {
    case $load/$active in
        masked/*) echo stopped ;;
        */failed) echo given-up ;;
        */active | */reloading) if [ "$restarts" -gt "$before" ]; then echo bad; else echo good; fi ;;
        loaded/inactive)
            if [ "$result" != success ]; then
                echo bad
            elif [ "$enabled" = enabled ] && [ "$entered" = 0 ] && [ "$left" = 0 ]; then
                echo bad # it ought to have been started since the machine was
            else
                echo stopped
            fi
            ;;
        *) echo bad ;;
    esac
}

# --- what was seen before -------------------------------------------------------------------------------------------

recall() { # marks: g or b for each of the last ten minutes; told: minutes since the last page, or `no`
    marks='' before='' told=no since=''
    if [ -r "$memory/memory" ]; then read -r marks before told since <"$memory/memory" || true; fi
    case $marks in *[!gb]* | '') marks=g ;; esac
    case $before in *[!0-9]*) before='' ;; esac
    case $told in no) ;; '' | *[!0-9]*) told=no ;; esac
}

remember() {
    printf '%s %s %s %s\n' "$marks" "$restarts" "$told" "$since" >"$memory/memory.new" &&
        mv -f -- "$memory/memory.new" "$memory/memory"
}

mark() { # g or b
    case $marks in *b*) ;; *) [ "$1" = g ] || [ "$told" != no ] || since=$(date -u '+%Y-%m-%d %H:%M UTC') ;; esac
    marks=$(printf '%s%s' "$marks" "$1" | tail -c 10)
}

bad_minutes() { printf %s "$marks" | tr -d g | wc -c; }

look() {
    recall
    ask_systemd
    : "${before:=$restarts}"
    verdict=$(judge)
    if [ "$verdict" = stopped ]; then
        rm -f -- "$memory/memory"
        return 0
    fi
    case $verdict in good) mark g ;; *) mark b ;; esac
    [ "$told" = no ] || told=$((told + 1))
    outcome=0
    if [ "$told" = no ] && { [ "$verdict" = given-up ] || [ "$(bad_minutes)" -ge 3 ]; }; then
        down | send && told=0 || outcome=1
    elif [ "$told" != no ] && [ "${marks%ggggg}" != "$marks" ]; then
        well | send && told=no marks=g || outcome=1
    elif [ "$verdict" != good ] && [ "$told" != no ] && [ "$told" -ge "$again" ]; then
        down | send && told=0 || outcome=1
    fi
    remember || outcome=1
    return $outcome
}

# --- what is said ---------------------------------------------------------------------------------------------------

host() { uname -n | tr -d '\000-\037\177' | cut -c 1-64; }

journal() { timeout 20 journalctl "$@" --lines 4 --output cat --no-pager 2>/dev/null; }

# What it said itself, then what systemd said of it, so that neither crowds the other out.
# Addresses may be secrets, whoever logged them.
last_lines() {
    { journal "_SYSTEMD_UNIT=$unit"; journal _PID=1 "UNIT=$unit"; } | tr -d '\000-\010\013-\037\177' |
        sed -E 's#[A-Za-z][A-Za-z0-9+.-]*://[^[:space:]"]+#(…)#g; s#[^[:space:]"]+@[^[:space:]"]+#(…)#g' | cut -c 1-240
}

down() {
    name=$(host)
    cat <<END
[buzzwatch] $name : à l'arrêt, aucune alerte ne part / down, no alert leaves
$unit ne tourne pas comme il faut sur $name depuis $since : les mentions ne sont pas lues, les alertes ne partent pas.
$unit has not run as it should on $name since $since: mentions are not read, alerts do not leave.

systemd: $active ($sub), $result, status $code, restarts: $restarts, load: $load
$status

À faire : systemctl status buzzwatch ; journalctl -u buzzwatch -n 50 ; df -h. systemd le relance sans cesse ; rappel toutes les $again min.
To do: the same three commands. systemd goes on restarting it; told again every $again min. To end this: mend it, or systemctl stop buzzwatch.

$(last_lines)
END
}

well() {
    name=$(host)
    cat <<END
[buzzwatch] $name : de nouveau en marche / runs again
$unit tourne de nouveau sur $name, depuis cinq minutes sans arrêt. Il allait mal depuis $since.
$unit runs again on $name, for five minutes without a break. It had been unwell since $since.
END
}

try_out() {
    name=$(host)
    cat <<END
[buzzwatch] $name : ESSAI / TEST
Ceci est un essai : $unit va bien pour autant qu'on sache. Ce message arrive ici quand $unit ne tourne plus.
This is a test: $unit is well as far as anybody knows. Such a message comes here when $unit does not run.
END
}

# --- how it leaves --------------------------------------------------------------------------------------------------

# Standard input, to everybody. Whoever is named nowhere cannot be told, and that is said once.
send() {
    iconv -c -f UTF-8 -t UTF-8 2>/dev/null | head -c 3800 | iconv -c -f UTF-8 -t UTF-8 >"$memory/text" 2>/dev/null
    say 3 "$(head -n 1 "$memory/text")"
    if ! grep -qv '^[[:space:]]*\(#\|$\)' "$credentials/last_resort" 2>/dev/null; then
        say 3 "nobody is told: there is no credential last_resort, see docs/systemd.md"
        return 0
    fi
    by_apprise || by_curl
}

by_apprise() {
    for program in "$here/../../bin/buzzwatch" /opt/buzzwatch/current/bin/buzzwatch /opt/buzzwatch/previous/bin/buzzwatch \
        /opt/buzzwatch/bin/buzzwatch; do
        [ -x "$program" ] || continue
        timeout -k 5 60 "$program" last-resort <"$memory/text" >"$memory/said" 2>&1
        ended=$?
        case $ended in 0 | 3) while IFS= read -r line; do say 5 "$line"; done <"$memory/said" ;; esac
        [ "$ended" != 0 ] || return 0
        [ "$ended" != 3 ] || break # it works, and reached nobody
        say 4 "the program that sends by Apprise ended with status $ended"
    done
    return 1
}

# What begins with http, as ntfy and simple webhooks take it. Addresses are secrets: not on a command line, not in the log.
by_curl() {
    reached=1 number=0
    tr -d '\000\r' <"$credentials/last_resort" | head -n 100 >"$memory/addresses"
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        line=$(printf %s "$line" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')
        case $line in [Hh][Tt][Tt][Pp]://* | [Hh][Tt][Tt][Pp][Ss]://*) ;; *) continue ;; esac
        case $line in *[!A-Za-z0-9._~:/?\#@!\$\&\(\)*+,\;=%\[\]-]*)
            say 3 "line $number: no address that curl could be given"
            continue
            ;;
        esac
        printf 'url = "%s"\n' "$line" | curl --config - --silent --fail --globoff --proto '=http,https' --max-redirs 0 \
            --connect-timeout 5 --max-time 15 --output /dev/null --header 'Content-Type: text/plain; charset=utf-8' \
            --header 'Priority: urgent' --header 'Tags: rotating_light' --data-binary "@$memory/text"
        ended=$?
        if [ $ended = 0 ]; then
            reached=0
            say 5 "line $number: sent by curl"
        else
            say 3 "line $number: curl ended with status $ended"
        fi
    done <"$memory/addresses"
    rm -f -- "$memory/addresses"
    [ $reached = 0 ] || say 3 "nobody was reached"
    return $reached
}

mkdir -p -- "$memory"
case ${1:-look} in
    look) look ;;
    test) try_out | send ;;
    *)
        say 3 "last-resort.sh look | test"
        exit 2
        ;;
esac
