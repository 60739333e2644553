"""`python -m fcv_api.cli`: the `fcv` command of whichever checkout this is."""

from __future__ import annotations

from fcv_api.cli import main

main(prog_name="fcv")
