#!/usr/bin/env bash
# Write beside each image's tag the digest that it has now, in Dockerfile, docker-compose.yml and deploy/swarm.yml: from then on
# nobody can put another image under the tag. Run it where Docker reaches the registry of images, once for the versions that you
# tested; run again, it takes the tags' newest digests. `git diff` shows what changed. It needs `docker buildx`.
set -euo pipefail
cd "$(dirname "$0")/.."
files=(Dockerfile docker-compose.yml deploy/swarm.yml)
named='^(ARG BASE=|[[:space:]]*image: )'
digest='(@sha256:[0-9a-f]{64})?$'

# All digests first: where one does not come, nothing is written.
rules=()
for image in $(sed -nE "s#$named([a-z][a-z0-9-]*:[A-Za-z0-9._-]+)$digest#\2#p" "${files[@]}" | grep -v '^fcv-mlapi' | sort -u); do
    found=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}')
    if ! [[ $found =~ ^sha256:[0-9a-f]{64}$ ]]; then
        echo "pin-images.sh: no digest came for $image, but: $found" >&2
        exit 1
    fi
    rules+=(-e "s#$named${image//./\\.}$digest#\1$image@$found#")
    echo "$image@$found"
done
sed -i.before -E "${rules[@]}" "${files[@]}"
rm -f "${files[@]/%/.before}"
