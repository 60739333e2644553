#!/usr/bin/env bash
# Make one archive for a LAN without internet: the checkout at HEAD, wheels for each supported Python, checksums,
# the guide, the bill of materials (sbom.cdx.json), install.sh.
#
#   deploy/bundle.sh [ARCH]      x86_64 or aarch64; default: this machine's
#
# Writes dist/fcv-mlapi-VERSION-ARCH.tar.gz. Needs the internet, or whatever pip is configured to ask. `make bundle` runs it.
set -euo pipefail
cd "$(dirname "$0")/.."

arch=${1:-$(uname -m)}
pythons=(3.11 3.12 3.13)
python=${PYTHON:-python3}
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' fcv_api/__init__.py)
name=fcv-mlapi-$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
inside=$work/$name
mkdir -p "$inside/fcv" "$inside/wheels" dist

[ -z "$(git status --porcelain)" ] || echo "bundle.sh: what is not committed is left out." >&2
git archive HEAD | tar -x -C "$inside/fcv"
mv "$inside/fcv/deploy/install.sh" "$inside/install.sh"

# What serving needs, PostgreSQL's driver, and what installs the checkout itself: each file by its hash.
platforms=()
for tag in manylinux_2_28 manylinux_2_27 manylinux_2_17 manylinux2014; do platforms+=(--platform "${tag}_$arch"); done
for each in "${pythons[@]}"; do
    echo "Wheels for Python $each on $arch ..."
    "$python" -m pip --disable-pip-version-check download --quiet --only-binary=:all: --implementation cp \
        --python-version "$each" "${platforms[@]}" --require-hashes --requirement "$inside/fcv/deploy/requirements.txt" \
        --dest "$inside/wheels"
done

# The guide, built here: the host there has nothing to build it with.
"$python" "$inside/fcv/deploy/guide.py"
rm -rf "$inside/fcv/deploy/__pycache__"

SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) "$python" deploy/sbom.py "$inside/sbom.cdx.json"
echo "$version $(git rev-parse HEAD) $arch ${pythons[*]}" >"$inside/VERSION"
(cd "$inside" && find . -type f ! -name SHA256SUMS -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS)
archive=dist/$name-$arch.tar.gz
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" -C "$work" -cf - "$name" |
    gzip -n >"$archive"
(cd dist && sha256sum "$(basename "$archive")" >"$(basename "$archive").sha256")
echo "$archive: $(du -h "$archive" | cut -f1), $(find "$inside/wheels" -name '*.whl' | wc -l) wheels"
