"""Push an exported folder to the Hugging Face Hub."""

from __future__ import annotations

from pathlib import Path

from bertplay.data.errors import InputError
from bertplay.export.failures import ExportFailedError


def require_repo(repo: str) -> None:
    """Check the name of a repository; the Hub is not asked.

    Raises:
        InputError: it is not OWNER/NAME in the Hub's letters.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id

    try:
        validate_repo_id(repo)
        valid = repo.count("/") == 1
    except HFValidationError:
        valid = False
    if not valid:
        raise InputError(
            f"--push {repo!r} is no repository of the Hub: name one as OWNER/NAME, of letters, "
            "digits, '-', '_' and '.'"
        )


def push_folder(folder: Path, repo: str, *, private: bool) -> str:
    """Make a repository, where there is none of its name, and upload a folder as one commit.

    Args:
        folder: that was exported.
        repo: OWNER/NAME.
        private: for a new repository; one that exists must be private already.

    Returns:
        The repository's address.

    Raises:
        ExportFailedError: there is no token, the Hub cannot be reached, or it refuses.
    """
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError

    if get_token() is None:
        raise _not_pushed(
            folder,
            "there is no token for the Hugging Face Hub: run `hf auth login` or set HF_TOKEN",
        )
    api = HfApi(library_name="bertplay")
    try:
        address = api.create_repo(repo, private=private or None, exist_ok=True)
        public = private and not api.model_info(repo).private
        if not public:
            api.upload_folder(
                repo_id=repo, folder_path=folder, commit_message="Exported by bertplay"
            )
    except HfHubHTTPError as error:
        raise _not_pushed(folder, f"the Hugging Face Hub refuses: {_words(error)}") from error
    # Which errors these are depends on the HTTP library that huggingface_hub is made with.
    except Exception as error:
        raise _not_pushed(
            folder,
            f"the Hugging Face Hub could not be reached ({_words(error)}): later, run `hf upload "
            f"{repo} {folder}`",
        ) from error
    if public:
        raise _not_pushed(
            folder, f"{repo} exists and is public: make it private there, or leave --private out"
        )
    return str(address)


def _not_pushed(folder: Path, reason: str) -> ExportFailedError:
    return ExportFailedError(f"the export is written to {folder}, but not pushed; {reason}")


def _words(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
