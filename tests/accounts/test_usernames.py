"""Names of accounts: no two look alike."""

from __future__ import annotations

import pytest

from fcv_api.accounts.usernames import LENGTH, LONGEST_WRITTEN, UnusableName, normalized, usable_name

ZERO_WIDTH, JOINER, SELECTOR, FILLER, SOFT_HYPHEN = "\u200b", "\u034f", "\ufe0f", "\u3164", "\u00ad"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("\uff41\uff4e\uff41", "ana"),
        ("Mari\u0301a", "Mar\u00eda"),
        ("\ufb01na", "fina"),
        ("\u2460", "1"),
        ("sala\u00a03", "sala 3"),
        ("\U0001d41a\U0001d427\U0001d41a", "ana"),
        ("\u212bsa", "\u00c5sa"),
        ("x" * LENGTH, "x" * LENGTH),
    ],
    ids=ascii,
)
def test_a_name_is_stored_in_nfkc(written: str, stored: str) -> None:
    assert usable_name(written) == stored
    assert usable_name(stored) == stored


@pytest.mark.parametrize(
    "char",
    [
        *(
            ZERO_WIDTH,
            JOINER,
            SELECTOR,
            FILLER,
            SOFT_HYPHEN,
            "\u2028",
            "\u2029",
            "\u202e",
            "\u2066",
            "\ufeff",
            "\0",
            "\n",
        ),
        *("\x85", "\u115f", "\u17b4", "\u180e", "\u180b", "\U000e0101", "\U000e0041", "\u1680", "\u2800", "\ue000"),
        *("\ud800", "\uffff"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("name", ["an{}a", "{}ana", "ana{}"])
def test_what_shows_nothing_is_refused(name: str, char: str) -> None:
    with pytest.raises(UnusableName):
        usable_name(name.format(char))


@pytest.mark.parametrize(
    ("name", "scripts"),
    [
        ("\u0430na", "Latin and Cyrillic"),
        ("an\u03b1", "Latin and Greek"),
        ("\u03bf\u0441", "Cyrillic and Greek"),
        ("p\u0430u\u03b1", "Latin and Cyrillic and Greek"),
        ("\u0585ana", "Latin and Armenian"),
        ("\u13aana", "Latin and Cherokee"),
        ("a\u2de0", "Latin and Cyrillic"),
    ],
    ids=ascii,
)
def test_letters_that_look_alike_come_from_one_script(name: str, scripts: str) -> None:
    with pytest.raises(UnusableName, match=scripts):
        usable_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "\u0410\u043d\u043d\u0430 3",
        "\u0386\u03bd\u03bd\u03b1-2",
        "M\u00fcller",
        "UCI \u6f22\u5b57",
        "O'Neil_7@x",
        "\u05d0\u05e0\u05d4",
    ],
    ids=ascii,
)
def test_a_name_of_one_script_is_taken_with_digits_and_signs(name: str) -> None:
    assert usable_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " ", " ana", "ana ", "ana\u00a0", "\u00b4ana", "x" * 151, "\ufdfa" * 9, "x" * 10**6], ids=ascii
)
def test_a_name_is_1_to_150_characters_without_spaces_around_them(name: str) -> None:
    with pytest.raises(UnusableName):
        usable_name(name)


def test_a_word_too_long_for_a_name_is_left_as_it_is() -> None:
    written = "\uff41" * (LONGEST_WRITTEN + 1)
    assert normalized(written) == written
    assert normalized(written[:-1]) == "a" * LONGEST_WRITTEN
