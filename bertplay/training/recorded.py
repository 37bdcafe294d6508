"""What a run's config.yaml says about where its figures come from, beside the options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bertplay.environment import environment

TABLES = ("data_sha256", "validation_sha256")

# Of the environment: what decides the bits of a result.
_DECIDING = ("bertplay", "machine", "backend", "device_name", "cpus", "fusion")


def recorded_facts(
    data_sha256: str, validation_sha256: str, *, processes: int = 1
) -> dict[str, Any]:
    """What decides a run's bits beside its options: tables, versions, machines; ready for YAML."""
    facts = environment()
    return {
        "data_sha256": data_sha256,
        "validation_sha256": validation_sha256,
        **{name: facts[name] for name in _DECIDING},
        "blas": facts["blas"]["name"],
        "packages": facts["packages"],
        "processes": processes,
    }


def differences(recorded: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, str]:
    """What has changed since a run was recorded, by name, each as `before, now after`.

    Args:
        recorded: of the run's config.yaml; what it does not say is not compared.
        now: of `recorded_facts`.
    """
    before, after = _flat(recorded), _flat(now)
    return {
        name: f"{before[name]}, now {after.get(name, 'missing')}"
        for name in before
        if before[name] != after.get(name)
    }


def _flat(facts: Mapping[str, Any]) -> dict[str, Any]:
    packages = facts.get("packages")
    own = {name: value for name, value in facts.items() if name != "packages"}
    return {**own, **(packages if isinstance(packages, Mapping) else {})}
