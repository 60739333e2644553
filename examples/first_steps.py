"""What `make serve` prints: lines to copy into a second terminal."""

from __future__ import annotations

from fcv_api.settings import Settings

LINES = """
Serving on http://{bind} until Ctrl-C. In a second terminal, from this folder:

  curl -i http://{bind}/auth/create_user -H 'Content-Type: application/json' \\
       -d '{{"username": "ana", "password": "a long passphrase"}}'
  TOKEN=$(curl -s http://{bind}/auth/token -d 'username=ana' -d 'password=a long passphrase' \\
       | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -i http://{bind}/predict -H "Authorization: Bearer $TOKEN" \\
       -H 'Content-Type: application/json' --data-binary @examples/encounter.json

In a browser: http://{bind}/docs
"""

print(LINES.format(bind=Settings.from_environment().bind), flush=True)
