#!/usr/bin/env bash
# Build both images of the Dockerfile, and run them: what `make image-check` does. As root, on Debian. Minutes, and some 20 GB
# of disk under build/ the first time, for TensorFlow.
#
# No Docker and no registry of images is needed. buildah reads the Dockerfile, on a base that debootstrap makes from Debian's
# own packages and that gets the name of the Dockerfile's. So the base is a stand-in: Debian bookworm with Debian's Python
# 3.11 in the place of python:3.11-slim-bookworm, slimmed as that is. podman and runc run what came out, as the tests in
# tests/image say. Before that, docker-compose*.yml are held against the schema of the Compose specification (by dclint), and
# deploy/swarm.yml is read by Docker's own client, where there is one: it needs no engine for that.
set -euo pipefail
cd "$(dirname "$0")/.."
place=$PWD/build/image-check
export BUILDAH_ISOLATION=chroot
export STORAGE_DRIVER=${STORAGE_DRIVER:-vfs} # works everywhere; overlay, where the kernel lets root, takes a third of the disk

refuse() {
    echo "image-check: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || refuse "run this as root: debootstrap and buildah make root's files."
for each in buildah debootstrap npm openssl podman runc; do
    command -v $each >/dev/null || refuse "$each is missing: apt-get install --no-install-recommends buildah debootstrap npm openssl podman runc"
done

# In a copy, with secrets and certificates of its own: a site's are not touched.
check_files() {
    echo "Reading compose and stack files ..."
    rm -rf "$place/site"
    mkdir -p "$place/site/deploy"
    cp docker-compose.yml docker-compose.dev.yml "$place/site/"
    cp -r deploy/nginx deploy/*.conf deploy/*.yml deploy/*.sh "$place/site/deploy/"
    "$place/site/deploy/secrets.sh" >/dev/null
    "$place/site/deploy/certs.sh" localhost >/dev/null
    npm install --silent --no-audit --no-fund --prefix "$place/npm" dclint@3.1.0
    # Of its rules the schema alone: the others are a matter of taste.
    if "$place/npm/node_modules/.bin/dclint" "$place"/site/docker-compose*.yml | grep -B1 -A1 invalid-schema; then
        refuse "a compose file breaks the Compose specification."
    fi
    if command -v docker >/dev/null; then
        MLAPI_IMAGE=fcv-mlapi:0 MLAPI_BACKUP_IMAGE=fcv-mlapi-backup:0 docker stack config --compose-file "$place/site/deploy/swarm.yml" >"$place/swarm.out" ||
            refuse "deploy/swarm.yml cannot be deployed."
        if docker stack config --compose-file "$place/site/deploy/swarm.yml" >/dev/null 2>&1; then
            refuse "deploy/swarm.yml can be deployed without the name of an image."
        fi
    else
        echo "NOT CHECKED: deploy/swarm.yml. There is no Docker client here to read it."
    fi
}

stored() { "$1" --storage-driver "$STORAGE_DRIVER" --root "$place/store" --runroot "$place/run" "${@:2}"; }

base=$(sed -n 's/^ARG BASE=//p' Dockerfile)
base=${base%@sha256:*} # a stand-in has no digest
[ "$base" = python:3.11-slim-bookworm ] || refuse "this makes a stand-in for python:3.11-slim-bookworm, not for $base."

make_base() {
    local mirror
    mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
    rm -rf "$place/base"
    mkdir -p "$place/base"
    echo "Making the stand-in for $base ..."
    # python3-distutils is named because debootstrap does not see that it is what python3.11-venv means.
    debootstrap --variant=minbase --include=ca-certificates,netbase,python3,python3-distutils,python3-venv,tzdata \
        bookworm "$place/base/root" "${mirror:?no mirror of bookworm among the sources of apt}" >"$place/debootstrap.log" ||
        refuse "debootstrap failed: $place/debootstrap.log"
    tar -C "$place/base/root" --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
        --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' -cf "$place/base/base.tar" .
    rm -rf "$place/base/root"
    printf 'FROM scratch\nADD base.tar /\nENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin\n' >"$place/base/Dockerfile"
    stored buildah bud --quiet --tag "docker.io/library/$base" "$place/base" >/dev/null
    rm -f "$place/base/base.tar"
}

# What pip needs here to find packages goes in as mounts, and so into no image: its files, the authorities that this
# machine trusts, and the folders that its files name. A proxy in the environment is passed on by buildah.
mounts=()
for each in /etc/pip.conf /etc/xdg/pip /etc/ssl/certs $(.venv/bin/pip config list | grep -oE "(file://)?/[^' ]+" | sed 's|^file://||'); do
    if [ -e "$each" ]; then mounts+=(--volume "$each:$each:ro"); fi
done
arguments=(--build-arg "BASE=$base")
if [ -n "${PIP_INDEX_URL:-}" ]; then arguments+=(--build-arg "PIP_INDEX_URL=$PIP_INDEX_URL"); fi

build() { # TARGET NAME
    echo "Building $2 ..."
    stored buildah bud --quiet --format docker --pull-never --layers "${mounts[@]}" "${arguments[@]}" \
        --target "$1" --tag "$2:image-check" . >"$place/$1.log" 2>&1 || refuse "$2 cannot be built: $place/$1.log"
}

check_files
stored buildah inspect --type image "docker.io/library/$base" >/dev/null 2>&1 || make_base
build service fcv-mlapi
build importer fcv-mlapi-importer
exec .venv/bin/python -m pytest tests/image --override-ini addopts=--strict-markers -s "$@"
