#!/bin/sh
# Make what docker-compose.yml and swarm.yml need and no repository may hold: secrets/ and fcv.env, beside this script.
#
#   deploy/secrets.sh
#
# Run it as the user who runs `docker compose`. What is there already stays as it is: run it as often as you like.
#
# The files are readable by everybody, in a folder that only their owner may enter. Docker hands each file alone to a
# container, with its owner and mode, and there another user must read it: the service runs as number 10001, which no host
# knows. A file of mode 0600 would be unreadable there, and giving it to 10001 takes root. On the host the folder keeps
# everybody else out; in a container the only ones who see a file are the processes that were given it.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

# 36 bytes of the system's randomness: 48 characters that need no quoting in a URL.
random() { head -c 36 /dev/urandom | base64 | tr '+/' '-_'; }

keep() { # NAME CONTENT: a file that is never overwritten, and never seen half written
    if [ -s "secrets/$1" ]; then
        echo "Kept deploy/secrets/$1."
        return
    fi
    printf '%s\n' "$2" >"secrets/.$1"
    chmod 644 "secrets/.$1"
    mv "secrets/.$1" "secrets/$1"
    echo "Made deploy/secrets/$1."
}

if [ -s secrets/database_url ] && [ ! -s secrets/postgres_password ]; then
    echo "deploy/secrets/database_url is there and postgres_password is not: put back the password that the URL holds." >&2
    exit 1
fi
keep jwt_secret "$(random)"
keep admin_password "$(random)"
keep pseudonym_key "$(random)" # never another one: keep it with the backups
keep postgres_password "$(random)"
keep database_url "postgresql+psycopg://fcv:$(cat secrets/postgres_password)@db:5432/fcv"

zone=$(readlink -f /etc/localtime | sed -n 's|.*/zoneinfo/||p')
if [ -e fcv.env ]; then
    echo "Kept deploy/fcv.env."
else
    cat >fcv.env <<ENV
# The settings of this site, for docker-compose.yml and swarm.yml: any of .env.example, but for those that they set.
# One a line, NAME=VALUE, without quotes. After a change: docker compose up -d --build

# The zone that the monitors' clocks show. This is the host's. IF THE MONITORS SHOW ANOTHER, SAY SO HERE.
FCV_TIMEZONE=${zone:-Etc/UTC}

# The model that comes with the service learnt from simulated patients only, and production serves it only with this, and
# with a warning in every answer. DELETE THIS LINE once a model of your own is active.
FCV_ALLOW_UNVALIDATED_MODEL=1

# The first admin, made at the start when no account has the name. Its password: deploy/secrets/admin_password
FCV_ADMIN_USERNAME=admin

# The memory of beds: POST /observations, and the service \`feed\` that scores each bed every five minutes. docs/feed.md
#FCV_FEED=on

# Processes of each instance: as many as it may use processors (docker-compose.yml: 2).
FCV_WORKERS=2
ENV
    echo "Made deploy/fcv.env. The monitors' time zone is taken to be this host's, ${zone:-Etc/UTC}: look at it."
fi
