"""`fcv serve`: the service itself."""

from __future__ import annotations

import logging
import os
import sys

from fcv_api.access_log import Output, open_log
from fcv_api.app import database_app, load_models
from fcv_api.cli.db import migrate_database
from fcv_api.cli.free_port import refuse_taken
from fcv_api.cli.users import ensure_admin
from fcv_api.serving.child_process import refused_here
from fcv_api.settings import ROOT, Settings, SettingsError

HANDED_OVER = ("GUNICORN_PID", "LISTEN_FDS")
"""Variables of who is given a socket that listens already: by the master that it succeeds (USR2), or by systemd."""


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
    if reload:
        arguments += ["--reload", "--workers", "1"]
    os.chdir(ROOT)
    os.execv(sys.executable, [sys.executable, *arguments, "wsgi:app"])  # noqa: S606 - our own program, in our place
