#!/usr/bin/env bash
# Install FCV-MLAPI from this bundle, without a network. Run it in the folder that was unpacked:
#
#   ./install.sh [FOLDER]        default: /opt/fcv
#
# Installs anew, or over an older version: settings, database, logs, certificates and own models stay as they are. PYTHON
# names another Python than the one it finds. Run as root, it makes files that every user may read: the service is another.
set -euo pipefail
umask 022
cd "$(dirname "$0")"
folder=${1:-/opt/fcv}

refuse() {
    echo "install.sh: $*" >&2
    exit 1
}

[ -f SHA256SUMS ] || refuse "this is no unpacked bundle: SHA256SUMS is missing."
echo "Checking $(wc -l <SHA256SUMS) files ..."
sha256sum --quiet --strict --check SHA256SUMS || refuse "the bundle is damaged, or was changed. Copy it again."

read -r version _ arch pythons <VERSION
[ "$(uname -m)" = "$arch" ] || refuse "this bundle is for $arch, and this machine is $(uname -m)."
fits() { "$1" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1].split())' "$pythons" 2>/dev/null; }
python=
for each in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
    if command -v "$each" >/dev/null && fits "$each"; then
        python=$each
        break
    fi
done
[ -n "$python" ] || refuse "none of Python $pythons is here. On Debian 12 install python3 and python3-venv."
"$python" -c 'import ensurepip, venv' 2>/dev/null || refuse "$python has no venv. On Debian install python3-venv."

mkdir -p "$folder" || refuse "$folder cannot be made: run this as root, or name another folder."
folder=$(cd "$folder" && pwd)
[ -w "$folder" ] || refuse "$(id -un) may not write into $folder: run this as its owner, or name another folder."
# Code of an older version that is gone in this one must not stay behind.
rm -rf "$folder/fcv_api" "$folder/migrations" "$folder/build/guide"
cp -R fcv/. "$folder/"
cp install.sh "$folder/deploy/"
echo "Installing $version into $folder with $("$python" --version) ..."
[ -x "$folder/.venv/bin/python" ] && fits "$folder/.venv/bin/python" || "$python" -m venv --clear "$folder/.venv"
pip() { "$folder/.venv/bin/python" -m pip --isolated --disable-pip-version-check --no-cache-dir install --quiet --no-index "$@"; }
pip --find-links "$PWD/wheels" --require-hashes --requirement "$folder/deploy/requirements.txt"
pip --no-deps --no-build-isolation --editable "$folder"
"$folder/.venv/bin/fcv" --version
echo "Installed. Next: docs/install.md, \"On a bare host\"; or to try it: $folder/.venv/bin/fcv serve"
