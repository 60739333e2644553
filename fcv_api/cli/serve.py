"""`fcv serve`: the service itself."""

from __future__ import annotations

import logging
import os
import sys

import click

from fcv_api.access_log import Output, open_log
from fcv_api.app import database_app, load_models
from fcv_api.cli.db import migrate_database
from fcv_api.cli.free_port import refuse_taken
from fcv_api.cli.users import ensure_admin
from fcv_api.serving.child_process import refused_here
from fcv_api.settings import ROOT, Settings, SettingsError

HANDED_OVER = ("GUNICORN_PID", "LISTEN_FDS")
"""Variables of who is given a socket that listens already: by the master that it succeeds (USR2), or by systemd."""
FIRST_STEPS = """
Serving on http://{bind} until Ctrl-C. In a second terminal, from this folder:

  curl -i http://{bind}/auth/create_user -H 'Content-Type: application/json' \\
       -d '{{"username": "ana", "password": "a long passphrase"}}'
  TOKEN=$(curl -s http://{bind}/auth/token -d 'username=ana' -d 'password=a long passphrase' \\
       | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -i http://{bind}/predict -H "Authorization: Bearer $TOKEN" \\
       -H 'Content-Type: application/json' --data-binary @examples/encounter.json

In a browser: http://{bind}/docs for programmers, http://{bind}/ward for people
(whose accounts are made so: .venv/bin/fcv users add NAME --role clinician)
"""
"""What development prints before it serves: lines to copy."""
GUIDE = "All pages of docs/, with a search: http://{bind}/guide (en español: http://{bind}/guide/es/)\n"
"""What it prints besides where `make docs` has built the guide."""
BUILT = ROOT / "build" / "guide" / "index.html"


def first_steps(bind: str, *, built: bool) -> str:
    """Return what to try first, and where the guide is if it was built."""
    return "".join(lines.format(bind=bind) for lines in (FIRST_STEPS, GUIDE if built else ""))


def serve(bind: str | None, *, reload: bool) -> None:
    if bind:
        os.environ["FCV_BIND"] = bind
    settings = Settings.from_environment()
    if settings.feed == "child" and (refusal := refused_here()):
        raise SettingsError(refusal)
    if not any(name in os.environ for name in HANDED_OVER):
        refuse_taken(settings.bind)
    migrate_database(settings)
    app = database_app(settings)
    with app.app_context():
        ensure_admin(settings)
    # Refuse in a sentence what gunicorn would refuse in a traceback.
    logging.getLogger("fcv_api").setLevel(logging.ERROR)
    load_models(settings, app)
    open_log(settings.log_dir, settings.timezone, Output(settings.log_format, settings.log_to, settings.syslog))
    arguments = ["-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
    if not settings.production and "/" not in settings.bind:  # neither a socket's path nor a descriptor
        click.echo(first_steps(settings.bind, built=BUILT.is_file()))
    if reload:
        arguments += ["--reload", "--workers", "1"]
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *arguments, "wsgi:app"])  # noqa: S606 - our own program, in our place
