#!/usr/bin/env bash
# Make a certificate authority for the LAN, once, and a server's certificate for the given names, each time.
#
#   deploy/certs.sh [NAME or ADDRESS ...]      default: localhost 127.0.0.1 and this machine's name
#   GATEWAY=NAME deploy/certs.sh               a certificate for a gateway that sends HL7: gateway-NAME.crt and .key,
#                                              for the server's part nothing is made but the first authority
#
# Writes certs/{ca.crt,ca.key,server.crt,server.key} beside this script, or where CERTS says. Run it again to renew:
# the authority stays, so clients that trust it go on, and only server.* is new.
set -euo pipefail
umask 077

certs=${CERTS:-$(dirname "$0")/certs}
ca_days=3650
server_days=397 # Apple and others refuse a server's certificate of more than 398 days
renew_days=30
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(localhost 127.0.0.1 "$(uname -n)")
leaf=server usage=serverAuth
if [ -n "${GATEWAY:-}" ]; then
    names=("$GATEWAY") leaf=gateway-$GATEWAY usage=clientAuth
fi

refuse() {
    echo "certs.sh: $*" >&2
    exit 1
}

is_address() { [[ $1 == *:* || $1 =~ ^[0-9]+(\.[0-9]+){3}$ ]]; }

check_name() {
    if [[ $1 == *:* ]]; then
        [[ $1 =~ ^[0-9A-Fa-f:.]+$ ]] || refuse "'$1' is no address. Give names and addresses without a port."
    elif is_address "$1"; then
        local part
        for part in ${1//./ }; do ((10#$part <= 255)) || refuse "'$1' is no address."; done
    else
        [[ ${#1} -le 253 && $1 =~ ^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$ ]] ||
            refuse "'$1' is no name of a host."
    fi
}

# What the authority may sign for: a stolen ca.key must not be good for the whole internet. Private addresses, and the
# domains of the names: fcv.hospital.lan allows all of hospital.lan.
permitted() {
    local name domain
    printf 'IP:10.0.0.0/255.0.0.0\nIP:172.16.0.0/255.240.0.0\nIP:192.168.0.0/255.255.0.0\nIP:127.0.0.0/255.0.0.0\n'
    printf 'IP:fd00:0:0:0:0:0:0:0/ff00:0:0:0:0:0:0:0\nIP:0:0:0:0:0:0:0:1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n'
    printf 'DNS:localhost\n'
    for name in "${names[@]}"; do
        if is_address "$name"; then
            [[ $name == *:* ]] || printf 'IP:%s/255.255.255.255\n' "$name"
        else
            domain=${name#*.}
            [[ $domain == *.* ]] || domain=$name
            printf 'DNS:%s\n' "$domain"
        fi
    done
}

listed() { # prefix each line with the number that openssl's sections want
    sort -u | awk -v what="$1" -F: '{kind = $1; sub(/^[^:]*:/, ""); print what kind "." NR " = " $0}'
}

make_authority() {
    cat >"$work/ca.cnf" <<CONF
[req]
distinguished_name = subject
x509_extensions = authority
prompt = no
[subject]
CN = FCV-MLAPI CA of $(uname -n | cut -c1-40), $(date +%Y-%m-%d)
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
nameConstraints = critical, @allowed
[allowed]
$(permitted | listed 'permitted;')
CONF
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$ca_days" -config "$work/ca.cnf" \
        -keyout "$work/ca.key" -out "$work/ca.crt" 2>"$work/errors" || refuse "$(cat "$work/errors")"
    mv "$work/ca.key" "$work/ca.crt" "$certs/"
    chmod 644 "$certs/ca.crt"
    echo "Made the authority $certs/ca.crt, good for $ca_days days. Clients must trust it: docs/tls.md, Certificates."
}

alternatives() {
    local name
    for name in "${names[@]}"; do
        if is_address "$name"; then echo "IP:$name"; else echo "DNS:$name"; fi
    done | listed ''
}

make_leaf() {
    cat >"$work/leaf.cnf" <<CONF
[req]
distinguished_name = subject
prompt = no
[subject]
CN = $(printf '%.64s' "${names[0]}")
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = $usage
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = @names
[names]
$(alternatives)
CONF
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -config "$work/leaf.cnf" \
        -keyout "$work/leaf.key" -out "$work/leaf.csr" 2>"$work/errors" || refuse "$(cat "$work/errors")"
    openssl x509 -req -in "$work/leaf.csr" -CA "$certs/ca.crt" -CAkey "$certs/ca.key" -sha256 -days "$server_days" \
        -set_serial "0x$(openssl rand -hex 16 | sed 's/^./1/')" -extfile "$work/leaf.cnf" -extensions leaf \
        -out "$work/leaf.crt" 2>"$work/errors" || refuse "$(cat "$work/errors")"
}

# Looked at before anything is replaced: a name that the authority may not sign for is found here.
check_leaf() {
    openssl verify -CAfile "$certs/ca.crt" "$work/leaf.crt" >/dev/null 2>"$work/errors" && return
    grep -q 'permitted subtree' "$work/errors" || refuse "$(cat "$work/errors")"
    refuse "This authority may not sign for one of: ${names[*]}. It was made for other names. Either give those, or move" \
        "$certs/ca.crt and ca.key away, run this again, and let every client trust the new authority."
}

for name in "${names[@]}"; do check_name "$name"; done
mkdir -p "$certs"
work=$(mktemp -d "$certs/.making.XXXXXX")
trap 'rm -rf "$work"' EXIT

if [ -e "$certs/ca.crt" ] && [ ! -e "$certs/ca.key" ] || [ -e "$certs/server.crt" ] && [ ! -e "$certs/ca.crt" ]; then
    refuse "$certs holds a certificate that this script did not make. It overwrites none: set CERTS to another folder."
fi
if [ ! -e "$certs/ca.crt" ]; then
    make_authority
elif ! openssl x509 -in "$certs/ca.crt" -noout -checkend $((server_days * 86400)) >/dev/null; then
    refuse "The authority $certs/ca.crt ends before a new certificate would. Move ca.crt and ca.key away, run this" \
        "again, and let every client trust the new one."
fi
make_leaf
check_leaf
chmod 644 "$work/leaf.crt"
mv "$work/leaf.key" "$certs/$leaf.key"
mv "$work/leaf.crt" "$certs/$leaf.crt"
echo "Made $certs/$leaf.crt for ${names[*]}, good until $(openssl x509 -in "$certs/$leaf.crt" -noout -enddate | cut -d= -f2)."
if [ "$leaf" = server ]; then
    echo "Renew it some $renew_days days before: run this again, then 'nginx -s reload'."
else
    echo "Take $leaf.crt, $leaf.key and ca.crt to the gateway, and name $GATEWAY in certificates of its source. Renew" \
        "it some $renew_days days before."
fi
