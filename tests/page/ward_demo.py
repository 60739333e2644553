"""`make ward-demo`: a made-up ward of 12 beds, served until Ctrl-C, to look at."""

from __future__ import annotations

import tempfile
from pathlib import Path

from service import running
from visits import PASSWORD, Size, scores, ward_in


def main() -> None:
    """Fill a ward in a folder of its own, which is gone afterwards, and serve it."""
    with tempfile.TemporaryDirectory(prefix="fcv-ward-") as name:
        folder = Path(name)
        own = scores(folder)
        with ward_in(folder, Size(), own):
            pass
        with running(folder, **own) as service:
            print(f"Open {service.url}/ward and sign in as eva with the password: {PASSWORD}")
            print(
                "Nobody in it ever lived, and no monitor goes on: in 15 minutes no score is one of now. Ctrl-C ends it."
            )
            try:
                service.master.wait()
            except KeyboardInterrupt:
                print()


if __name__ == "__main__":
    main()
