"""The encoders that this machine has: bertplay's own, downloaded ones, and those of folders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bertplay.backbones import MINI
from bertplay.data.errors import InputError
from bertplay.encoders.checkpoint import read_encoder_tensors
from bertplay.encoders.config import EncoderConfig
from bertplay.encoders.families import FAMILIES, read_config, read_config_values
from bertplay.encoders.loading import find_model


@dataclass(frozen=True)
class FoundEncoder:
    """An encoder on this machine.

    Attributes:
        name: what `--backbone` takes.
        family: its model_type.
        parameters: numbers of the encoder, without heads; None where they cannot be read.
        hidden_size: H, the size of a token's state.
        layers: how many.
        problem: why it cannot be used, in a sentence; empty where it can.
    """

    name: str
    family: str
    parameters: int | None
    hidden_size: int
    layers: int
    problem: str


def encoders_on_disk(folders: Sequence[Path] = ()) -> list[FoundEncoder]:
    """Those that are there; nothing is downloaded, and no weights are read but their shapes.

    Models of other families than bertplay reads are left out.

    Args:
        folders: of one model each, or of several in folders of their own.

    Raises:
        InputError: a folder is missing.
    """
    found = [_found(MINI, find_model(MINI))]
    found += [_found(name, folder) for name, folder in _downloaded()]
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"--folder {folder}: there is no such folder")
        inside = [folder] if _is_model(folder) else sorted(folder.iterdir())
        found += [_found(str(place), place) for place in inside if _is_model(place)]
    return found


def _downloaded() -> Iterator[tuple[str, Path]]:
    """Repos in the cache of the Hugging Face Hub with the folders of their latest revisions."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repos = scan_cache_dir().repos
    except CacheNotFound:
        return
    for repo in sorted(repos, key=lambda repo: repo.repo_id):
        if repo.repo_type == "model" and repo.revisions:
            latest = max(repo.revisions, key=lambda revision: revision.last_modified)
            if _is_model(latest.snapshot_path):
                yield repo.repo_id, latest.snapshot_path


def _is_model(folder: Path) -> bool:
    """Whether a folder holds a model of a family that bertplay reads."""
    if not (folder / "config.json").is_file():
        return False
    try:
        return read_config_values(folder).get("model_type") in FAMILIES
    except InputError:
        return False


def _found(name: str, folder: Path) -> FoundEncoder:
    family = read_config_values(folder)["model_type"]
    try:
        config: EncoderConfig = read_config(folder)
    except InputError as error:
        return FoundEncoder(name, family, None, 0, 0, str(error))
    problem, parameters = "", None
    try:
        tensors = read_encoder_tensors(folder, config.prefix)
        parameters = sum(tensor.size for tensor in tensors.values())
    except InputError as error:
        problem = str(error)
    return FoundEncoder(
        name, family, parameters, config.hidden_size, config.num_hidden_layers, problem
    )
