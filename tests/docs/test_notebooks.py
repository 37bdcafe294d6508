"""Every notebook in docs runs from its first cell to its last, and shows what it gave."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "notebooks"

# The cell tagged "parameters" of each, small enough to run with all other tests.
SMALL = {
    "losses-by-picture": "points = 20",
    "your-own-encoder": "epochs, width = 1, 16",
    "titanic-to-submission": "epochs, passengers = 1, 200",
    "emotions-many-tasks": "epochs, rows = 1, 200",
    "diagnosing-a-collapsed-model": "epochs, rows = 1, 60",
}
every_notebook = pytest.mark.parametrize("name", SMALL)


def read(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_every_notebook_is_run():
    assert sorted(SMALL) == sorted(file.stem for file in FOLDER.glob("*.ipynb"))


@every_notebook
def test_outputs_are_kept_and_none_is_an_error(name):
    outputs = [output for cell in code_cells(read(name)) for output in cell.outputs]

    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [output for output in outputs if output.output_type == "error"]


@every_notebook
def test_outputs_are_those_of_one_run_from_top_to_bottom(name):
    counts = [cell.execution_count for cell in code_cells(read(name))]

    assert counts == list(range(1, len(counts) + 1))


def test_the_run_that_is_to_collapse_did_and_the_healthy_one_did_not():
    said = {
        cell.source.split('"')[1]: "".join(output.get("text", "") for output in cell.outputs)
        for cell in code_cells(read("diagnosing-a-collapsed-model"))
        if cell.source.startswith("fit(")
    }

    assert said["collapsed"].startswith("error: BP201 ")
    assert "error: BP303 " in said["dead"]
    assert said["weighted"] == said["faster"] == said["healthy"] == "no check fired\n"


@pytest.mark.slow
@every_notebook
def test_a_notebook_runs_with_small_settings(name, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    notebook = read(name)
    (parameters,) = (c for c in notebook.cells if "parameters" in c.metadata.get("tags", []))
    parameters.source = SMALL[name]

    # A cell that fails raises here, with its traceback.
    NotebookClient(
        notebook,
        timeout=300,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute()
