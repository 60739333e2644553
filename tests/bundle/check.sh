#!/usr/bin/env bash
# Unpack the bundle into a fresh folder, and install, migrate, serve and ask with the network off. Needs root (unshare).
set -euo pipefail
archive=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$(dirname "$archive")" && sha256sum --check "$(basename "$archive").sha256")
tar -x -C "$work" -f "$archive"
# shellcheck disable=SC2016 # the inner shell expands them
unshare --net env -i PATH="$PATH" HOME="$work" LANG=C.UTF-8 PYTHON="${PYTHON:-}" bash -euo pipefail -c '
    ip link set lo up
    echo "The network here: $(ip -brief link | cut -d" " -f1 | paste -sd" ")"
    cd "$1"/fcv-mlapi-*/
    ./install.sh "$1/fcv"
    "$1/fcv/.venv/bin/python" "$2/ask.py" "$1/fcv"
' bash "$work" "$here"

echo "Another user may run what root installed with a umask of 077, installs elsewhere, and not over it:"
as_nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups env -i PATH="$PATH" HOME=/nonexistent "$@"; }
chmod 711 "$work"
(umask 077 && cd "$work"/fcv-mlapi-*/ && ./install.sh "$work/strict")
as_nobody "$work/strict/.venv/bin/fcv" --version
install -d -o nobody -g nogroup "$work/own"
(cd "$work"/fcv-mlapi-*/ && as_nobody ./install.sh "$work/own")
if said=$(cd "$work"/fcv-mlapi-*/ && as_nobody ./install.sh "$work/strict" 2>&1); then
    echo "It was installed." >&2
    exit 1
fi
grep -q "nobody may not write into" <<<"$said" || { echo "$said" >&2; exit 1; }

echo "A damaged bundle is refused:"
printf x >>"$(find "$work" -path '*/wheels/numpy*' | head -1)"
if "$(echo "$work"/fcv-mlapi-*/install.sh)" "$work/other" 2>&1; then
    echo "It was installed." >&2
    exit 1
fi
[ ! -e "$work/other" ]
