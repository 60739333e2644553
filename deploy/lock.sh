#!/usr/bin/env bash
# Write deploy/requirements.txt (the service), requirements-importer.txt (with TensorFlow), requirements-ldap.txt (with
# python-ldap, which is compiled) and requirements-docs.txt (what builds the guide) anew: the versions of constraints.txt, each
# with the SHA-256 of all its files, so that one file is good for every Python, system and processor.
# `make lock` runs it, after a change of pyproject.toml or constraints.txt. It needs the internet, or what pip is configured to ask.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/venv"
"$work/venv/bin/pip" --disable-pip-version-check install --quiet 'uv>=0.13'
index=${PIP_INDEX_URL:-$("$work/venv/bin/pip" config get global.index-url 2>/dev/null || true)}
[ -z "$index" ] || export UV_DEFAULT_INDEX=$index

# What builds the checkout itself belongs to it: nothing is fetched beside the file. It stays at its version until it is taken out here.
"$python" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' >"$work/build.in"
sed -n 's/^\(setuptools==[^ ;]*\).*/\1/p' deploy/requirements.txt 2>/dev/null >"$work/build.pin" || true

lock() { # FILE EXTRA...
    local extras=() each
    for each in "${@:2}"; do extras+=(--extra "$each"); done
    {
        echo "# Made by \`make lock\` of pyproject.toml and constraints.txt. To install: pip install --require-hashes -r $1"
        "$work/venv/bin/uv" pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes --no-header \
            --no-annotate "${extras[@]}" --constraint constraints.txt --constraint "$work/build.pin" "${sources[@]}"
    } >"$work/made"
    cp "$work/made" "$1"
    echo "$1: $(grep -c '==' "$1") packages, $(grep -c -- '--hash=' "$1") files"
}
sources=(pyproject.toml "$work/build.in")
lock deploy/requirements.txt postgres
lock deploy/requirements-importer.txt postgres train
lock deploy/requirements-ldap.txt postgres ldap

# What the guide is built with: of the names in the extra `docs`, and of nothing that serves.
"$python" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["docs"], sep="\n")' >"$work/docs.in"
sources=("$work/docs.in")
lock deploy/requirements-docs.txt
