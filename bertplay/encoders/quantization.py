"""In how many bits an encoder's weights are kept, and what config.json says of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from bertplay.data.errors import InputError
from bertplay.data.wording import listed
from bertplay.encoders.families import read_config_values

BITS = (8, 4)
GROUP_SIZES = (32, 64, 128)

_KEY = "quantization"


@dataclass(frozen=True)
class Quantization:
    """How weights are kept in few bits, as `mx.quantize` does it.

    Attributes:
        bits: of a weight, 8 or 4.
        group_size: so many weights of a row have a scale and an offset in common: 32, 64 or 128.

    Raises:
        InputError: a value is none of these.
    """

    bits: int
    group_size: int

    def __post_init__(self) -> None:
        """Refuse what is not supported."""
        require_bits(self.bits)
        require_group_size(self.group_size)

    def as_dict(self) -> dict[str, dict[str, int]]:
        """What config.json says, in the place and by the names of mlx-lm."""
        return {_KEY: asdict(self)}


def require_bits(bits: int) -> None:
    """Check a number of bits.

    Raises:
        InputError: it is not supported.
    """
    if bits not in BITS:
        raise InputError(f"bits is {bits}: choose 8 or 4")


def require_group_size(group_size: int) -> None:
    """Check a size of groups.

    Raises:
        InputError: it is not supported.
    """
    if group_size not in GROUP_SIZES:
        sizes = listed([str(size) for size in GROUP_SIZES])
        raise InputError(f"group_size is {group_size}: choose one of {sizes}")


def read_quantization(folder: Path) -> Quantization | None:
    """What `folder/config.json` says; None where the weights are in full precision.

    Raises:
        InputError: the file is missing or damaged, or says what is not supported.
    """
    path = folder / "config.json"
    values = read_config_values(folder).get(_KEY)
    if values is None:
        return None
    try:
        return Quantization(int(values["bits"]), int(values["group_size"]))
    except InputError as error:
        raise InputError(f"{path}: {_KEY}: {error}") from None
    except (KeyError, TypeError, ValueError):
        raise InputError(
            f"{path}: {_KEY} must have whole numbers for bits and group_size"
        ) from None
