"""gunicorn as `deploy/gunicorn.conf.py` sets it, without the hooks that look after a model and its workers."""

from __future__ import annotations

import runpy
from pathlib import Path

HOOKS = ("pre_fork", "post_worker_init", "worker_exit", "pre_exec")
_shipped = runpy.run_path(str(Path(__file__).parents[3] / "deploy" / "gunicorn.conf.py"))
pre_fork = _shipped["choose_processor"]
globals().update({name: each for name, each in _shipped.items() if not name.startswith("_") and name not in HOOKS})
