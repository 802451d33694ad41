"""Every verdict: what leads to it, how it is shown, and the exit code it ends in."""

from __future__ import annotations

import pytest

from harness.verdicts import ExitCode

FAILING = """
@requirement("toy.text")
def test_text(case):
    case.upstream.will(says("hello"))
    case.ask().expect(text="bye")
"""
KNOWN = """
implementation = "unknown"
versions = ">=0"
[[known]]
requirement = "toy.text"
cases = ["test_text"]
facts = ["client wire: text: expected 'bye'; seen 'hello'"]
reason = "it is polite, and the case is not"
expires = 2100-01-01
"""


def test_pass(passing):
    run = passing.run()
    assert run.returncode == ExitCode.OK, run.stdout
    assert "toy: 1 pass" in run.stdout


def test_a_failure_says_what_is_wrong_where_and_how_to_repeat_it(project):
    project.case(FAILING)
    run = project.run()
    assert run.returncode == ExitCode.RED
    for line in (
        "MUST      toy.text: The text is what the provider said.",
        "source    https://example.org/contract#text",
        "wire      client: text",
        "expected  'bye'",
        "seen      'hello'",
        "repeat    pytest 'suites/toy/test_toy.py::test_text'",
    ):
        assert line in run.stdout
    assert '-H "Authorization: Bearer $LITELLM_API_KEY"' in run.stdout
    assert "sk-conformance" not in run.stdout + run.stderr


def test_a_broken_should_warns_and_is_green(project):
    project.case(
        FAILING.replace("toy.text", "toy.extra")
        + FAILING.replace("bye", "hello").replace("test_text", "test_b")
    )
    run = project.run()
    assert run.returncode == ExitCode.OK, run.stdout
    assert "1 pass, 1 warn" in run.stdout
    assert "toy.extra: client wire: text: expected 'bye'; seen 'hello'" in run.stdout


def test_a_skip_does_not_read_as_green(project):
    project.case("""
@requirement("toy.text")
def test_text(case):
    pytest.skip("no time")
""")
    run = project.run()
    assert run.returncode == ExitCode.RED
    assert "1 not testable" in run.stdout
    assert "no time" in run.stdout


def test_not_applicable_leaves_the_denominator_but_alone_it_is_red(project):
    project.case("""
@requirement("toy.text")
def test_text(case):
    raise NotApplicable("the toy cannot do that")
""")
    run = project.run()
    assert run.returncode == ExitCode.NOTHING_EXECUTED
    assert "1 not applicable" in run.stdout
    assert "the toy cannot do that" in run.stdout


def test_nothing_selected_is_red(passing):
    assert passing.run("-k", "nothing_like_it").returncode == ExitCode.NOTHING_EXECUTED


def test_an_error_of_the_case_is_the_harness_s(project):
    project.case("""
@requirement("toy.text")
def test_text(case):
    case.upstream.will(says(nonsense=1))
""")
    run = project.run()
    assert run.returncode == ExitCode.HARNESS_ERROR
    assert "1 harness error" in run.stdout


def test_a_known_failure_is_green_with_its_reason(project):
    project.case(FAILING)
    run = project.run("--baseline", str(project.baseline(KNOWN)))
    assert run.returncode == ExitCode.OK, run.stdout
    assert "1 known" in run.stdout
    assert "it is polite, and the case is not" in run.stdout


def test_another_failure_of_the_same_requirement_is_red(project):
    project.case(FAILING.replace("hello", "good day"))
    assert project.run("--baseline", str(project.baseline(KNOWN))).returncode == ExitCode.RED


def test_a_known_failure_that_is_gone_is_red(passing):
    run = passing.run("--baseline", str(passing.baseline(KNOWN)))
    assert run.returncode == ExitCode.RED
    assert "1 unexpected pass" in run.stdout


def test_a_known_failure_of_which_a_part_is_gone_is_red(project):
    project.case(FAILING)
    more = KNOWN.replace("facts = [", 'facts = ["client wire: x: expected 1; seen 2", ')
    run = project.run("--baseline", str(project.baseline(more)))
    assert run.returncode == ExitCode.RED
    assert "1 unexpected pass" in run.stdout


def test_a_row_that_has_expired_is_an_error(passing):
    run = passing.run("--baseline", str(passing.baseline(KNOWN.replace("2100", "2020"))))
    assert run.returncode == 4
    assert "expired on 2020-01-01" in run.stderr


def test_a_row_without_a_reason_is_an_error(passing):
    bare = KNOWN.replace("it is polite, and the case is not", "")
    run = passing.run("--baseline", str(passing.baseline(bare)))
    assert run.returncode == 4
    assert "reason" in run.stderr


def test_a_baseline_for_something_else_does_not_apply(project):
    project.case(FAILING)
    (project.folder / "suites" / "baselines" / "x.toml").write_text(
        KNOWN.replace('"unknown"', '"litellm"')
    )
    assert project.run().returncode == ExitCode.RED


def test_written_baseline_rows_need_a_reason_and_then_apply(project):
    project.case(FAILING)
    file = project.folder / "new.toml"
    project.run("--write-baseline", str(file))
    assert project.run("--baseline", str(file)).returncode == 4
    file.write_text(file.read_text().replace('reason = ""', 'reason = "because it is a toy"'))
    assert project.run("--baseline", str(file)).returncode == ExitCode.OK


def test_requests_that_nobody_scripted_are_red(project):
    project.case("""
@requirement("toy.text")
def test_text(case):
    case.upstream.will(says("hello"))
    case.ask().expect(text="hello")
    case.ask()
""")
    run = project.run()
    assert run.returncode == ExitCode.RED
    assert "1 more (unscripted)" in run.stdout


def test_a_scripted_answer_that_nobody_fetched_is_red(project):
    project.case("""
@requirement("toy.text")
def test_text(case):
    case.upstream.will(says("hello"), says("again"))
    case.ask().expect(text="hello")
""")
    run = project.run()
    assert run.returncode == ExitCode.RED
    assert "1 missing" in run.stdout


def test_a_key_that_reaches_the_client_is_red_and_not_shown(project):
    project.case("""
@requirement("toy.text")
def test_text(case):
    case.upstream.will(says("it is " + case.upstream.key))
    case.ask()
""")
    run = project.run()
    assert run.returncode == ExitCode.RED
    assert "seen      the key of deployment default" in run.stdout
    assert "upkey-" not in run.stdout + run.stderr


def test_junit_carries_verdict_and_requirement_and_no_secret(project, tmp_path):
    project.case(FAILING)
    project.run("--junit-xml", str(tmp_path / "junit.xml"))
    text = (tmp_path / "junit.xml").read_text()
    assert 'name="verdict" value="fail"' in text
    assert 'name="requirement" value="toy.text"' in text
    assert "sk-conformance" not in text


def test_a_proxy_that_freezes_fails_one_case_and_the_rest_is_not_testable(project):
    project.case("""
@requirement("toy.text")
@pytest.mark.parametrize("n", range(50))
def test_text(case, n):
    case.upstream.will(says("hello"))
    case.send("POST", "/v1/chat/completions", case.body(), timeout=1).expect(text="hello")
""")
    run = project.run(flags="--freeze")
    assert run.returncode == ExitCode.RED
    assert "1 fail, 49 not testable" in run.stdout
    assert "answers no more since suites/toy/test_toy.py::test_text[0]" in run.stdout


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [("toy.text", "toy.txt", "toy.text"), ("test_text", "test_txt", "test_text")],
    ids=["requirement", "case"],
)
def test_a_row_about_nothing_is_an_error(passing, old, new, hint):
    run = passing.run("--baseline", str(passing.baseline(KNOWN.replace(old, new))))
    assert run.returncode == ExitCode.HARNESS_ERROR
    assert f"names {new}, which there is not; did you mean {hint}?" in run.stdout
