"""The admin that the settings name, made at a start."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import MakeSettings

from fcv_api import accounts
from fcv_api.accounts import Role
from fcv_api.cli.users import ensure_admin


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("written", ["ana", "\uff41\uff4e\uff41"], ids=ascii)
def test_the_admin_is_made_once_however_the_name_is_written(
    make_settings: MakeSettings, tmp_path: Path, written: str
) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse battery\n")
    settings = make_settings(ADMIN_USERNAME=written, ADMIN_PASSWORD_FILE=str(password))
    ensure_admin(settings)
    password.unlink()
    ensure_admin(settings)  # it is there: nobody asks for its password
    assert [(account.username, account.role) for account in accounts.list_users()] == [("ana", Role.ADMIN)]
