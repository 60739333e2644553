"""How the service is served: gunicorn's worker, its processor, and how much work a process takes on at once.

Imports nothing of ours. Only `app.py` and `deploy/gunicorn.conf.py` import it.
"""
