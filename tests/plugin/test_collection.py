"""What goes wrong before a case runs: one clear error, no traceback, no proxy started."""

from __future__ import annotations

import pytest

USAGE = 4  # pytest's own code for what the user got wrong


def refused(run, *words: str) -> None:
    assert run.returncode == USAGE, run.stdout + run.stderr
    for word in words:
        assert word in run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def test_an_unknown_requirement_is_an_error_with_a_hint(project):
    project.case("""
@requirement("toy.txt")
def test_text(case): ...
""")
    refused(project.run(), "no requirement 'toy.txt'", "did you mean toy.text?", "fix:")


def test_a_case_without_a_requirement_is_an_error(project):
    project.case("def test_text(case): ...")
    refused(project.run(), "test_text checks no requirement", "fix:")


def test_a_must_without_a_case_is_an_error(project):
    project.case("""
@requirement("toy.extra")
def test_extra(case): ...
""")
    refused(project.run(), "no case checks toy.text")


def test_a_must_without_a_case_is_no_matter_when_a_part_was_asked_for(project):
    project.case("""
@requirement("toy.extra")
def test_extra(case):
    case.upstream.will(says("x"))
    case.ask()
""")
    assert project.run(target="suites/toy/test_toy.py").returncode == 0


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        ("[[requirement]", "is no ledger"),
        ("x = 1", "is no ledger"),
        ('[[requirement]]\nid = "toy.text"\nlevel = "MAYBE"', "level"),
        ('[[requirement]]\nid = "Toy Text"', "id"),
    ],
)
def test_a_broken_ledger_is_an_error(project, ledger, said):
    project.ledger(ledger)
    project.case("")
    refused(project.run(), said, "fix:")


def test_the_same_id_twice_is_an_error(passing):
    file = passing.folder / "suites" / "requirements" / "toy" / "more.toml"
    file.write_text((file.parent / "toy.toml").read_text())
    refused(passing.run(), "is there twice")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--requirement=toy.txt", "did you mean toy.text?"),
        ("--upstream-listen=nowhere", "is no HOST:PORT"),
        ("--upstream-listen=127.0.0.1:99999", "is no HOST:PORT"),
        ("--proxy-timeout=0", "must be above 0"),
        ("--baseline=nofile.toml", "cannot read the baseline nofile.toml"),
    ],
)
def test_a_wrong_option_is_an_error(passing, option, said):
    refused(passing.run(option), said, "fix:")


def test_requirements_are_selected_by_glob(project):
    project.case("""
@requirement("toy.text")
def test_text(case):
    case.upstream.will(says("hello"))
    case.ask().expect(text="hello")

@requirement("toy.extra")
def test_extra(case):
    raise RuntimeError
""")
    run = project.run("--requirement", "toy.t*")
    assert run.returncode == 0, run.stdout
    assert "1 deselected" in run.stdout
