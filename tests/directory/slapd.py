"""A real slapd with a made-up hospital in it.

It takes a bind with a DN and an empty password for a success, as many directories do: nobody may come in so.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap
from service import free_port

SLAPD = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
"""None where it is not installed."""
BASE = "dc=hospital,dc=lan"
ROOT_DN, ROOT_PASSWORD = f"cn=root,{BASE}", "root of the tests"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
LOOKER, LOOKER_PASSWORD = f"cn=fcv,{BASE}", "looks users up"
PASSWORDS = {
    "ana": "la clave de ana",
    "beto": "contraseña de beto",
    "carla": "in no group at all",
    "dora": "disabled by control",
    "josé": "with an accent",
    "gema1": "one of two",
    "gema2": "two of two",
    "lola": "of the directory",
    "root-of-all": "in two groups",
}
MEMBERS = {
    "clinicians": ("ana", "dora", "josé", "gema1", "gema2", "lola"),
    "readers": ("beto", "root-of-all"),
    "admins": ("root-of-all",),
}
SECONDS_TO_START = 60
CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.2.840.113556.1.5.9 NAME 'windowsUser' SUP top AUXILIARY MAY ( userAccountControl $ sAMAccountName ) )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/slapd.pid
allow bind_anon_cred
TLSCertificateFile {folder}/server.crt
TLSCertificateKeyFile {folder}/server.key
database mdb
suffix "{base}"
rootdn "{root_dn}"
rootpw "{root_password}"
directory {folder}/db
dbnosync
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{looker}" read by self read by anonymous auth by * none
"""


def dn_of(name: str) -> str:
    return f"uid={name},{PEOPLE}"


def group(name: str) -> str:
    return f"cn={name},{GROUPS}"


@dataclass
class Slapd:
    """A running slapd. plain, tls: its addresses for StartTLS and for LDAPS."""

    folder: Path
    process: subprocess.Popen[bytes]
    plain: str
    tls: str

    @property
    def authority(self) -> Path:
        """Its certificate's authority."""
        return self.folder / "ca.crt"

    def settings(self, **more: str) -> dict[str, str]:
        """Return the settings of a service that signs in by it."""
        (self.folder / "looker").write_text(LOOKER_PASSWORD + "\n", "utf-8")
        return {
            "LDAP_URL": self.plain,
            "LDAP_CA_FILE": str(self.authority),
            "LDAP_BIND_DN": LOOKER,
            "LDAP_BIND_PASSWORD_FILE": str(self.folder / "looker"),
            "LDAP_USER_BASE": PEOPLE,
            "LDAP_USER_FILTER": "(|(uid={name})(mail={name}))",
            "LDAP_CLINICIAN_GROUPS": group("clinicians"),
            "LDAP_READER_GROUPS": group("readers"),
            "LDAP_ADMIN_GROUPS": f"{group('bosses')}; {group('admins').upper()}",
            "REGISTRATION": "admin",
        } | more

    @contextmanager
    def changing(self) -> Iterator[Any]:
        """Give a connection that may change anything."""
        connection = ldap.initialize(self.plain)
        connection.set_option(ldap.OPT_PROTOCOL_VERSION, 3)
        connection.simple_bind_s(ROOT_DN, ROOT_PASSWORD)
        yield connection
        connection.unbind_s()

    @contextmanager
    def member(self, name: str, of: str) -> Iterator[None]:
        """Let somebody be in a group, in a block."""
        change = [(ldap.MOD_ADD, "member", [dn_of(name).encode()])]
        with self.changing() as connection:
            connection.modify_s(group(of), change)
            yield
            connection.modify_s(group(of), [(ldap.MOD_DELETE, *change[0][1:])])

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let it hang in a block: it is there, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


def certificate(
    folder: Path, name: str = "server", *, days: tuple[int, int] = (-1, 90), host: str = "IP:127.0.0.1"
) -> Path:
    """Make an authority and a certificate of it. days: from when to when the authority is good, from now on."""
    begins, ends = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + each * 86_400)) for each in days)
    good = ["-startdate", begins, "-enddate", ends]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    (folder / "ca.cnf").write_text(AUTHORITY.format(host=host), "utf-8")
    (folder / "index").write_text("", "utf-8")
    sign = ["ca", "-batch", "-config", "ca.cnf", "-notext", "-keyfile", f"{name}.ca.key"]
    for each in (
        ["req", *key, "-keyout", f"{name}.ca.key", "-out", "ca.csr", "-subj", f"/CN=Authority of {name}"],
        [*sign, "-selfsign", "-in", "ca.csr", "-out", f"{name}.ca.crt", "-extensions", "authority", *good],
        ["req", *key, "-keyout", f"{name}.key", "-out", "server.csr", "-subj", "/CN=directory"],
        [*sign, "-cert", f"{name}.ca.crt", "-in", "server.csr", "-out", f"{name}.crt", "-extensions", "server"],
    ):
        subprocess.run(["openssl", *each], cwd=folder, check=True, capture_output=True)
    return folder / f"{name}.ca.crt"


AUTHORITY = """
[ca]
default_ca=own
[own]
database=index
new_certs_dir=.
rand_serial=yes
default_md=sha256
default_days=60
policy=any
unique_subject=no
[any]
commonName=supplied
[authority]
basicConstraints=critical,CA:TRUE
[server]
basicConstraints=critical,CA:FALSE
subjectAltName={host}
"""


def started(folder: Path) -> Slapd:
    """Start one, on ports that are free: on others where somebody was faster."""
    certificate(folder).rename(folder / "ca.crt")
    (folder / "db").mkdir()
    words = {"base": BASE, "root_dn": ROOT_DN, "root_password": ROOT_PASSWORD, "looker": LOOKER}
    (folder / "slapd.conf").write_text(CONFIGURATION.format(folder=folder, **words), "utf-8")
    for _ in range(5):
        plain, tls = free_port(), free_port()
        listens = f"ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls}"
        with (folder / "output").open("ab") as output:
            command = [str(SLAPD), "-f", str(folder / "slapd.conf"), "-h", listens, "-d", "0"]
            process = subprocess.Popen(command, stdout=output, stderr=output)
        found = Slapd(folder, process, f"ldap://127.0.0.1:{plain}", f"ldaps://127.0.0.1:{tls}")
        if _is_there(found):
            return found
    raise AssertionError((folder / "output").read_text("utf-8", "replace"))


def _is_there(slapd: Slapd) -> bool:
    """Wait until it answers, or has ended."""
    deadline = time.monotonic() + SECONDS_TO_START
    while slapd.process.poll() is None and time.monotonic() < deadline:
        try:
            with slapd.changing():
                return True
        except ldap.LDAPError:
            time.sleep(0.02)
    slapd.process.kill()
    slapd.process.wait()
    return False


def fill(slapd: Slapd) -> None:
    """Put the people and groups of the hospital into it."""
    person = [b"inetOrgPerson", b"windowsUser"]
    entries: list[tuple[str, dict[str, list[bytes]]]] = [
        (BASE, {"objectClass": [b"domain"], "dc": [b"hospital"]}),
        *((each, {"objectClass": [b"organizationalUnit"]}) for each in (PEOPLE, GROUPS)),
        (LOOKER, {"objectClass": [b"organizationalRole", b"simpleSecurityObject"]}),
    ]
    entries[-1][1]["userPassword"] = [LOOKER_PASSWORD.encode()]
    for name, password in PASSWORDS.items():
        own = {"uid": [name.encode()], "cn": [b"x"], "sn": [b"x"], "userPassword": [password.encode()]}
        own |= {"mail": [b"gema" if name.startswith("gema") else name.encode("ascii", "ignore") + b"@hospital.lan"]}
        own |= {"userAccountControl": [b"514" if name == "dora" else b"512"], "sAMAccountName": [name.encode()]}
        entries.append((dn_of(name), own | {"objectClass": person}))
    for name, members in (*MEMBERS.items(), ("bosses", ("nobody",))):
        own = {"member": [dn_of(each).encode() for each in members]}
        entries.append((group(name), own | {"objectClass": [b"groupOfNames"]}))
    elsewhere = {"objectClass": [b"referral", b"extensibleObject"], "ref": [b"ldap://127.0.0.1:9/dc=elsewhere"]}
    entries.append((f"ou=elsewhere,{PEOPLE}", elsewhere))
    with slapd.changing() as connection:
        for dn, entry in entries:
            connection.add_s(dn, list(entry.items()))
