#!/bin/sh
# Installs this version of buzzwatch beside the others and moves `current` to it. Needs no network.
#
#   sh install.sh                  install or upgrade; what you configured stays
#   sh install.sh --rollback       go back to the version from before
#   --restart                      restart the service afterwards, if it runs
#   --yes                          do not ask before --rollback puts the database from before the upgrade in place
#   --prefix DIR                   instead of /opt/buzzwatch
#   DESTDIR=DIR sh install.sh      everything below DIR, to look at it; touches nothing of this system, needs no root
#   PYTHON=/path/to/python3.12     the Python to use
#
# Interrupted wherever it may be, the version from before goes on working: type the same again.
set -eu
umask 022

prefix=/opt/buzzwatch
dest=${DESTDIR:-}
rollback=no
restart=no
yes=
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)

say() { printf '%s\n' "$*"; }
die() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
            --rollback) rollback=yes ;;
            --restart) restart=yes ;;
            --yes) yes=--yes ;;
            --prefix)
                [ $# -gt 1 ] || die "--prefix: no directory follows; write --prefix /opt/buzzwatch"
                prefix=$2
                shift
                ;;
            --help)
                sed -n '2,12s/^# \{0,1\}//p' "$0"
                exit 0
                ;;
            *) die "$1: no such option; --help lists them" ;;
        esac
        shift
    done
    case $prefix in
        / | *[!A-Za-z0-9/._+-]* | */../* | */..) die "--prefix $prefix: not a directory for programs; take one such as /opt/buzzwatch" ;;
        /*) ;;
        *) die "--prefix $prefix: begins with no /; write the whole path" ;;
    esac
    root=$dest$prefix
}

# --- what must be there ---------------------------------------------------------------------------------------------

check_root() {
    [ -n "$dest" ] || [ "$(id -u)" = 0 ] || die "run by $(id -un): only root may write to $prefix and /etc; use sudo sh $0"
}

check_systemd() {
    [ -z "$dest" ] || return 0
    command -v systemctl >/dev/null || die "systemctl: not found; the service needs systemd 250 or newer"
    found=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
    [ "${found:-0}" -ge 250 ] || die "systemctl --version: ${found:-unknown}; the service needs systemd 250 or newer: upgrade the system"
}

# The service sees no home directory: a Python that lives in one would start for root alone.
fits() {
    "$1" -I -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1 || return 1
    [ -z "$dest" ] || return 0
    case $("$1" -I -c 'import sys; print(sys.base_prefix)') in
        /root/* | /home/* | /run/user/*) return 1 ;;
    esac
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        fits "$PYTHON" || die "PYTHON=$PYTHON: not a Python 3.11, 3.12 or 3.13 with venv and outside of home directories; name another"
        python=$PYTHON
        return
    fi
    for name in python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null && fits "$name"; then
            python=$(command -v "$name")
            return
        fi
    done
    die "python3: $(python3 --version 2>&1 || true) is not Python 3.11, 3.12 or 3.13 with venv and outside of home directories; apt install python3 python3-venv, or PYTHON=/path/to/python3.12 sh $0"
}

check_archive() {
    cd "$here"
    [ -f SHA256SUMS ] && [ -f VERSION ] || die "$here: no SHA256SUMS and VERSION beside $0; unpack the whole archive and run install.sh there"
    sha256sum --check --strict --quiet SHA256SUMS >&2 || die "$here: files are damaged or missing, see above; unpack the archive anew, and compare it with its own SHA256SUMS"
    unlisted=$(find . ! -type d ! -path ./SHA256SUMS | sed 's|^\./||' | sort |
        awk 'NR == FNR { listed[substr($0, 67)]; next } !($0 in listed) { printf "%s ", $0 }' SHA256SUMS -)
    [ -z "$unlisted" ] || die "$here: not of the archive: ${unlisted}; unpack it into an empty directory"
    version=$(cat VERSION)
    case $version in
        '' | *[!A-Za-z0-9.+-]* | .*) die "$here/VERSION: '$version' is no version; unpack the archive anew" ;;
    esac
    sum=$(sha256sum SHA256SUMS | cut -c 1-64)
}

# --- steps ----------------------------------------------------------------------------------------------------------

take_turn() {
    mkdir -p "$root" || die "$root: cannot be made; look at the owner and the room on the disk"
    exec 9>"$root/.lock"
    flock -n 9 || die "$root/.lock: another install.sh works here; wait until it ends"
    rm -rf -- "$root"/.removed-*
}

# A file under a name at once, whole or not at all.
put() { # FROM TO MODE
    mkdir -p "$(dirname -- "$2")"
    cp -- "$1" "$2.new-install"
    chmod "$3" "$2.new-install"
    mv -f -- "$2.new-install" "$2" || die "$2: cannot be written; look at the room on the disk"
}

link() { # TARGET NAME: atomically
    ln -sfn -- "$1" "$2.new-install"
    mv -fT -- "$2.new-install" "$2" || die "$2: cannot be moved to $1; if it is a directory, move it away"
}

linked() { readlink -- "$root/$1" 2>/dev/null || true; }

# Gone at once under its name; what a kill leaves of it goes the next time.
remove() {
    mv -- "$1" "$root/.removed-${1##*/}"
    rm -rf -- "$root"/.removed-*
}

is_whole() { [ -f "$root/$1/.installed" ]; }

choose_name() {
    name=$version
    if is_whole "$name" && [ "$(cat "$root/$name/.installed")" != "$sum" ]; then
        name=$version-$(printf %.8s "$sum") # the same number, another content: beside it
    fi
}

make_version() {
    target=$root/$name
    if is_whole "$name"; then
        say "$target is there already"
        return
    fi
    if [ -e "$target" ]; then
        [ -f "$target/.unfinished" ] || die "$target: exists, and is not of install.sh; move it away"
        remove "$target"
    fi
    say "making $target with $("$python" --version)"
    mkdir -- "$target"
    : >"$target/.unfinished"
    "$python" -I -m venv "$target" || die "$target: $python -m venv failed, see above; apt install python3-venv"
    "$target/bin/python" -I -m pip --isolated --disable-pip-version-check --quiet install --no-index --no-cache-dir \
        --find-links "$here/wheels" "buzzwatch==$version" ||
        die "$target: pip could not install the wheels, see above; this archive is for $(uname -s) on the machine that its name says, here it is $(uname -m)"
    if ls "$root"/extra/*.whl >/dev/null 2>&1; then # what you want beside it, such as a scorer
        "$target/bin/python" -I -m pip --isolated --disable-pip-version-check --quiet install --no-index --no-cache-dir \
            --find-links "$here/wheels" --find-links "$root/extra" "buzzwatch==$version" "$root"/extra/*.whl ||
            die "$root/extra: these wheels do not go with buzzwatch $version, see above; move away what does not"
    fi
    "$target/bin/buzzwatch" --help >/dev/null || die "$target/bin/buzzwatch: does not run, see above; the version from before stays"
    mkdir -- "$target/share"
    for part in systemd docs rules buzzwatch.yaml daemon.schema.json sbom.cdx.json LICENSE README.md CHANGELOG.md VERSION install.sh; do
        cp -R -- "$here/$part" "$target/share/"
    done
    sync -f "$target" 2>/dev/null || sync
    printf '%s\n' "$sum" >"$target/.installed.new"
    mv -- "$target/.installed.new" "$target/.installed"
    rm -- "$target/.unfinished"
}

put_units() { # of the version NAME
    units=$root/$1/share/systemd
    for unit in "$units"/*.service "$units"/*.timer; do
        [ -f "$unit" ] || continue
        file=${unit##*/}
        sed "s|/opt/buzzwatch/|$prefix/|g" "$unit" >"$root/.unit"
        put "$root/.unit" "$dest/usr/local/lib/systemd/system/$file" 644
        rm -f -- "$root/.unit"
        [ ! -e "$dest/etc/systemd/system/$file" ] || [ -L "$dest/etc/systemd/system/$file" ] ||
            say "NOTE: $dest/etc/systemd/system/$file hides the unit of this version; put your changes into $file.d/ and remove it"
    done
    put "$units/buzzwatch.sysusers" "$dest/usr/local/lib/sysusers.d/buzzwatch.conf" 644
    put "$units/buzzwatch.tmpfiles" "$dest/usr/local/lib/tmpfiles.d/buzzwatch.conf" 644
    [ -n "$dest" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload
}

# Users and directories. Who is not root and tries it in DESTDIR gets the directories and their modes.
make_owners() {
    users=$dest/usr/local/lib/sysusers.d/buzzwatch.conf
    places=$dest/usr/local/lib/tmpfiles.d/buzzwatch.conf
    if [ "$(id -u)" = 0 ]; then
        if [ -n "$dest" ]; then mkdir -p "$dest/etc"; fi
        systemd-sysusers ${dest:+--root="$dest"} "$users" || die "$users: the users could not be made, see above"
        systemd-tmpfiles --create ${dest:+--root="$dest"} "$places" || die "$places: the directories could not be made, see above"
    else
        sed -n 's/^d //p' "$places" | while read -r path mode _; do
            mkdir -p "$dest$path"
            chmod "$mode" "$dest$path"
        done
    fi
}

# The number of a group of the system that is installed into, since DESTDIR may have another than this one.
give() { # FILE GROUP
    [ "$(id -u)" = 0 ] || return 0
    number=$(sed -n "s/^$2:[^:]*:\([0-9]*\):.*/\1/p" "$dest/etc/group")
    chown "0:${number:-$2}" "$1"
}

put_example() { # FROM TO MODE GROUP: only where there is none
    [ ! -e "$2" ] || return 0
    cp -- "$1" "$2.new-install"
    chmod "$3" "$2.new-install"
    give "$2.new-install" "$4"
    mv -n -- "$2.new-install" "$2"
}

put_configuration() {
    etc=$dest/etc/buzzwatch
    share=$root/$name/share
    if [ ! -e "$etc/buzzwatch.yaml" ]; then
        sed "s|^# state: /var/lib/buzzwatch .*|state: $dest/var/lib/buzzwatch|" "$share/buzzwatch.yaml" >"$root/.yaml"
        put_example "$root/.yaml" "$etc/buzzwatch.yaml" 640 buzzwatch-admin
        rm -f -- "$root/.yaml"
    fi
    if [ -n "$(find "$etc/buzzwatch.yaml" -perm /007)" ]; then
        give "$etc/buzzwatch.yaml" buzzwatch-admin
        chmod 640 "$etc/buzzwatch.yaml"
        say "NOTE: $etc/buzzwatch.yaml was open to everybody, and may hold secrets: it is now for root and buzzwatch-admin"
    fi
    if [ -z "$(find "$etc/rules" -name '*.yaml' | head -n 1)" ]; then
        for file in "$share"/rules/*.yaml; do
            put_example "$file" "$etc/rules/${file##*/}" 660 buzzwatch-rules
        done
    fi
    put "$share/rules/buzzwatch.schema.json" "$etc/rules/buzzwatch.schema.json" 644
    put "$share/daemon.schema.json" "$etc/daemon.schema.json" 644
}

move_link() { # NAME
    before=$(linked current)
    if [ "$before" != "$1" ]; then
        [ -z "$before" ] || link "$before" "$root/previous"
        link "$1" "$root/current"
    fi
    mkdir -p "$dest/usr/local/bin"
    if [ ! -e "$dest/usr/local/bin/buzzwatch" ] || [ -L "$dest/usr/local/bin/buzzwatch" ]; then
        link "$prefix/current/bin/buzzwatch" "$dest/usr/local/bin/buzzwatch"
    else
        say "NOTE: $dest/usr/local/bin/buzzwatch is not ours and stays; the program is $prefix/current/bin/buzzwatch"
    fi
}

# `current` and `previous` stay, and whatever a process still runs from.
remove_old() {
    for marker in "$root"/*/.installed "$root"/*/.unfinished; do
        [ -f "$marker" ] || continue
        old=${marker%/*}
        case ${old##*/} in
            current | previous) continue ;; # the links themselves
        esac
        [ "${old##*/}" != "$(linked current)" ] && [ "${old##*/}" != "$(linked previous)" ] || continue
        if grep -qsF "$old/bin/" /proc/[0-9]*/cmdline; then
            say "NOTE: $old is still running and stays; restart the service"
            continue
        fi
        remove "$old"
        say "removed $old"
    done
}

# Or is to run: what crashes again and again is not active, waits for its next start, and is in the way then.
is_running() {
    [ -z "$dest" ] && [ -d /run/systemd/system ] || return 1
    case $(systemctl show --property=ActiveState,Job buzzwatch.service) in
        *Job=[1-9]*) ;;  # between two restarts it is inactive, and about to start
        *ActiveState=inactive* | '') return 1 ;;
    esac
}

# --- the two ways ---------------------------------------------------------------------------------------------------

install() {
    check_systemd
    check_archive
    find_python
    take_turn
    choose_name
    make_version
    put_units "$name"
    make_owners
    put_configuration
    move_link "$name"
    remove_old
    say "buzzwatch $version is installed in $root/$name"
    if [ "$restart" = yes ] && is_running; then
        systemctl restart buzzwatch.service || die "buzzwatch.service: did not start, see journalctl -u buzzwatch; sh $prefix/current/share/install.sh --rollback goes back"
        say "the service was restarted"
    elif is_running; then
        say "the service still runs the version from before: systemctl restart buzzwatch"
    elif [ -z "$(linked previous)" ]; then
        say "next: $dest/etc/buzzwatch/buzzwatch.yaml and $dest/etc/buzzwatch/rules, then systemctl enable --now buzzwatch"
    fi
}

go_back() {
    check_systemd
    take_turn
    back=$(linked previous)
    [ -n "$back" ] || die "$root/previous: not there; there is no version to go back to"
    is_whole "$back" || die "$root/$back: not whole; install that version from its archive"
    ran=no
    if is_running; then
        ran=yes
        systemctl stop buzzwatch.service
    fi
    config=$dest/etc/buzzwatch/buzzwatch.yaml
    if [ -f "$config" ]; then
        # shellcheck disable=SC2086 # one word or none
        "$root/$back/bin/buzzwatch" restore --undo-migration --replace $yes --config "$config" || {
            [ "$ran" = no ] || systemctl start buzzwatch.service
            die "$(linked current) stays in place: see above"
        }
    fi
    put_units "$back"
    move_link "$back"
    [ "$ran" = no ] || systemctl start buzzwatch.service || die "buzzwatch.service: did not start, see journalctl -u buzzwatch"
    say "buzzwatch is back at $back"
}

read_options "$@"
check_root
if [ "$rollback" = yes ]; then go_back; else install; fi
