"""What gunicorn serves: `gunicorn --config deploy/gunicorn.conf.py wsgi:app`."""

from __future__ import annotations

import logging

from fcv_api.access_log import open_log
from fcv_api.app import create_app
from fcv_api.settings import Settings

settings = Settings.from_environment()
open_log(settings.log_dir, settings.timezone)
logging.getLogger("fcv_api").info("Starting FCV-MLAPI....")
app = create_app(settings)
