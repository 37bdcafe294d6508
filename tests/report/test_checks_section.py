"""What the checks of a run say stands in its page, the gravest first."""

from bertplay.report.blocks import Facts, Notices, Prose
from bertplay.report.checks import checks_section


def result(code, name, status, severity="warning", message=""):
    return {
        "code": code,
        "name": name,
        "severity": severity,
        "status": status,
        "message": message,
        "page": f"docs/checks/{code}.md",
    }


def test_those_that_fired_come_first_and_the_gravest_of_them_before_others():
    checks = [
        result("BP203", "overconfidence", "fired", message="Too sure."),
        result("BP201", "collapse", "fired", "error", "One class only."),
        result("BP102", "duplicates", "passed"),
        result("BP401", "wrong labels", "not_applicable", message="too few rows"),
    ]

    (section,) = checks_section({"checks": checks})

    notices, others = section.blocks
    assert isinstance(notices, Notices)
    assert [(one.name, one.message) for one in notices.notices] == [
        ("collapse (BP201)", "One class only."),
        ("overconfidence (BP203)", "Too sure."),
    ]
    assert others == Facts(
        (("nothing found", "duplicates"), ("wrong labels (not applicable)", "too few rows"))
    )


def test_tasks_to_which_a_check_does_not_apply_for_the_same_reason_stand_together():
    numbers = [
        result("BP201", "collapse", "not_applicable", message=f"{task}: it holds numbers")
        | {"task": task}
        for task in ("valence", "arousal")
    ]

    (section,) = checks_section({"checks": numbers})

    assert section.blocks[1] == Facts(
        (("collapse (not applicable)", "valence, arousal: it holds numbers"),)
    )


def test_a_check_that_passed_in_several_tasks_is_named_once():
    checks = [result("BP201", "collapse", "passed") for _ in range(3)]

    (section,) = checks_section({"checks": checks})

    assert section.blocks == (
        Prose("No check has found anything."),
        Facts((("nothing found", "collapse"),)),
    )


def test_without_checks_there_is_no_section():
    assert checks_section({}) == ()
