"""What gunicorn serves: `gunicorn --config deploy/gunicorn.conf.py wsgi:app`."""

from __future__ import annotations

import logging

from fcv_api import heads_log, security_log
from fcv_api.access_log import Output, open_log
from fcv_api.app import create_app
from fcv_api.settings import Settings

settings = Settings.from_environment()
open_log(settings.log_dir, settings.timezone, Output(settings.log_format, settings.log_to, settings.syslog))
heads_log.open_log(settings.log_dir)
security_log.open_log(settings.log_dir, settings.timezone)
log = logging.getLogger("fcv_api")
log.info("Starting FCV-MLAPI....")
security_log.write("start", env=settings.env, registration=settings.registration, proxies=settings.proxies)
if settings.production and settings.registration == "open":
    log.warning("FCV_REGISTRATION=open in production: anyone on the network can make an account and predict.")
app = create_app(settings)
