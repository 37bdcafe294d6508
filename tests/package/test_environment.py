"""The facts about a machine, as data and as `bertplay info`."""

import json

import pytest
from click.testing import CliRunner

import bertplay
from bertplay.blas import blas_in_use
from bertplay.cli.info import info
from bertplay.environment import environment, matmul_gflops


@pytest.fixture
def slow_product(monkeypatch):
    """A speed that needs no measuring."""
    monkeypatch.setattr("bertplay.environment.matmul_gflops", lambda: 123.45)


def test_the_facts_survive_json():
    facts = environment()

    assert json.loads(json.dumps(facts)) == facts


def test_the_versions_are_those_of_the_installed_packages():
    import numpy as np

    facts = environment()

    assert facts["bertplay"] == bertplay.__version__
    assert facts["packages"]["numpy"] == np.__version__


def test_the_blas_is_the_one_chosen_at_import():
    assert environment()["blas"]["name"] == blas_in_use().name


def test_a_package_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setattr("bertplay.environment.PACKAGES", ("numpy", "no-such-package"))

    assert list(environment()["packages"]) == ["numpy"]


def test_without_a_compiler_there_is_no_fusion_on_the_cpu(monkeypatch):
    monkeypatch.setattr("bertplay.environment._backend", lambda device: "cpu")
    monkeypatch.setattr("shutil.which", lambda name: None)

    assert environment()["fusion"] is False


def test_a_measured_speed_is_positive():
    assert matmul_gflops(size=32) > 0


def test_a_size_below_one_is_refused():
    with pytest.raises(ValueError, match="size is 0"):
        matmul_gflops(size=0)


@pytest.mark.usefixtures("slow_product")
def test_info_prints_device_versions_blas_and_speed():
    result = CliRunner().invoke(info, [], catch_exceptions=False)

    assert result.exit_code == 0
    for expected in (bertplay.__version__, environment()["device"], blas_in_use().name.split()[0]):
        assert expected in result.output
    assert "123.5 GFLOP/s" in result.output or "123.4 GFLOP/s" in result.output


@pytest.mark.usefixtures("slow_product")
def test_info_as_json_is_one_object_for_scripts():
    result = CliRunner().invoke(info, ["--json"], catch_exceptions=False)

    facts = json.loads(result.output)
    assert facts["matmul_gflops"] == pytest.approx(123.45, abs=0.1)
    assert facts["blas"] == environment()["blas"]
