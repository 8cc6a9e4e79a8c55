#!/usr/bin/env bash
# Installs the Debian packages that GeBan needs and that are missing. Installs nothing else and asks nothing.
#   tools/setup_system.sh run     what serving needs: text layout for PDFs
#   tools/setup_system.sh test    the same and what `make test` needs: Chromium, PostgreSQL 15 or later, poppler-utils
# Where this user may not install, it says in one sentence what to run and exits with 1.
set -euo pipefail

purpose=${1:-run}
missing=()

has_library() {
    # not grep -q: it would end ldconfig by a closed pipe, which counts as a failure here
    { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -F "$1" >/dev/null
}

has_postgres() {
    local bin version
    for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/bin /usr/bin; do
        [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] || continue
        version=$("$bin/postgres" --version | grep -oE '[0-9]+' | head -n 1)
        [ "$version" -ge 15 ] && return 0
    done
    return 1
}

has_command() {
    local name
    for name in "$@"; do command -v "$name" >/dev/null 2>&1 && return 0; done
    return 1
}

has_library libpango-1.0.so.0 || missing+=(libpango-1.0-0)
has_library libpangoft2-1.0.so.0 || missing+=(libpangoft2-1.0-0)
# without it WeasyPrint silently falls back to a subsetter that takes 3 to 20 seconds a certificate
has_library libharfbuzz-subset.so.0 || missing+=(libharfbuzz-subset0)
"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

if [ "$purpose" = test ]; then
    # Playwright brings a Node.js of its own, which asks for this one
    has_library libatomic.so.1 || missing+=(libatomic1)
    has_command chromium chromium-browser google-chrome || missing+=(chromium)
    has_command pdftoppm && has_command pdftotext || missing+=(poppler-utils)
    has_postgres || missing+=(postgresql)
    # Chinese on the screenshots; papers bring their own fonts
    [ -n "$(fc-list :lang=zh 2>/dev/null)" ] || missing+=(fonts-noto-cjk)
fi

[ ${#missing[@]} -eq 0 ] && exit 0

command_line="apt-get install -y --no-install-recommends ${missing[*]}"
if ! has_command apt-get; then
    echo "GeBan needs these libraries and programs (Debian's names): ${missing[*]}; please install them with this system's package manager." >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    echo "GeBan needs packages that only an administrator may install: please run 'sudo $command_line' and then this command again." >&2
    exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >>"$log" 2>&1
}
install_missing() {
    # tests start clusters of their own: Debian's ready-made one would only hold memory and the default port
    case " ${missing[*]} " in
        *" postgresql "*)
            apt install -y --no-install-recommends postgresql-common || return 1
            "${as_root[@]}" sed -i 's/^#\? *create_main_cluster.*/create_main_cluster = false/' \
                /etc/postgresql-common/createcluster.conf
            ;;
    esac
    apt install -y --no-install-recommends "${missing[@]}"
}

echo "  installing: ${missing[*]}"
# the package list is fetched only when the installation fails without it
if ! install_missing && ! { apt update && install_missing; }; then
    tail -n 15 "$log" >&2
    echo "GeBan could not install its system packages: please run '$command_line' as administrator and read what it says." >&2
    exit 1
fi
