"""Small rooms: how long a module and a function may be, and what a function may import."""

from __future__ import annotations

import ast

import pytest
from source import Module, package

MODULES = package()
LONGEST_MODULE = 200
USUAL_FUNCTION, LONGEST_FUNCTION = 20, 34
LONGEST_OF_NINE_IN_TEN = 14
"""Lines from `def` to the end, the docstring among them."""
MOST_PARAMETERS = 4
# Heavy, and not in serving's environment: the one reason for an import inside a function.
HEAVY = {"tensorflow", "keras", "tf_keras", "h5py"}
# Heavy too, and out of `--help`: what a command does is loaded when it is called, and not with what it takes.
OF_COMMANDS = {"fcv_api", "marshmallow"}
# Data in the shape of a function: the table of all settings, and a manifest's fields.
TABLES = {"fcv_api.settings._read", "fcv_api.lstm.keras_import._describe", "fcv_api.cli.model_import.import_"}


def body_length(function: ast.FunctionDef) -> int:
    """Count the lines of a function without its decorators and docstring."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_a_module_has_at_most_200_lines(module: Module) -> None:
    assert len(module.path.read_text("utf-8").splitlines()) <= LONGEST_MODULE


def test_functions_have_at_most_20_lines_with_a_short_tail() -> None:
    lengths = {
        f"{module.name}.{function.name}": body_length(function)
        for module in MODULES
        for function in module.functions()
        if f"{module.name}.{function.name}" not in TABLES
    }
    long = {name: length for name, length in lengths.items() if length > USUAL_FUNCTION}
    assert len(long) <= len(lengths) / 50, long
    assert max(lengths.values()) <= LONGEST_FUNCTION, long


def test_nine_functions_in_ten_have_at_most_14_lines_and_none_over_34() -> None:
    lengths = sorted(
        (function.end_lineno or 0) - function.lineno + 1 for module in MODULES for function in module.functions()
    )
    assert lengths[len(lengths) * 9 // 10] <= LONGEST_OF_NINE_IN_TEN
    assert lengths[-1] <= LONGEST_FUNCTION


def test_a_function_takes_at_most_four_parameters() -> None:
    crowded = {
        f"{module.name}.{function.name}"
        for module in MODULES
        if module.room != "cli"  # click passes each option as a parameter of its own
        for function in module.functions()
        if len([*function.args.args, *function.args.kwonlyargs])
        - (function.args.args[:1] != [] and function.args.args[0].arg in ("self", "cls"))
        > MOST_PARAMETERS
    }
    assert crowded == set()


def test_a_function_imports_only_what_must_stay_out_of_serving_or_of_help() -> None:
    inner = {
        (module.name, name.split(".")[0])
        for module in MODULES
        for function in module.functions()
        for name in Module(module.path, ast.Module(list(function.body), [])).imports()
    }
    described = ("fcv_api.cli.commands.", "fcv_api.cli.errors")
    commands = {(name, library) for name, library in inner if name.startswith(described)}
    assert {library for _, library in commands} <= OF_COMMANDS
    assert {library for _, library in inner - commands} <= HEAVY
    assert {name for name, _ in inner - commands} <= {
        "fcv_api.lstm.hdf5_file",
        "fcv_api.lstm.keras_import",
        "fcv_api.lstm.network",
        "fcv_api.lstm.parity",
    }
