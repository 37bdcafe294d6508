"""An upload to the Hub, against a server of the test's own that speaks the Hub's API."""

import pytest
from hub_double import TOKEN, HubDouble

from bertplay.data.errors import InputError
from bertplay.export.failures import ExportFailedError
from bertplay.export.hub import push_folder, require_repo

REPO = "someone/tickets"


@pytest.fixture
def hub(monkeypatch):
    from huggingface_hub import constants

    with HubDouble() as double:
        monkeypatch.setattr(constants, "ENDPOINT", double.address)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield double


def refusal(folder, **options) -> str:
    with pytest.raises(ExportFailedError) as caught:
        push_folder(folder, REPO, **{"private": False, **options})
    assert str(caught.value).startswith(f"the export is written to {folder}, but not pushed; ")
    return str(caught.value)


def test_every_file_arrives_as_it_is(hub, exported):
    address = push_folder(exported, REPO, private=False)

    assert address == f"{hub.address}/{REPO}"
    assert hub.repositories == {REPO: False}
    assert hub.files[REPO] == {file.name: file.read_bytes() for file in exported.iterdir()}


def test_a_private_repository_is_made_so(hub, exported):
    push_folder(exported, REPO, private=True)

    assert hub.repositories == {REPO: True}


def test_a_repository_that_exists_is_used_again(hub, exported):
    hub.repositories[REPO] = False

    push_folder(exported, REPO, private=False)

    assert "model.safetensors" in hub.files[REPO]


def test_nothing_private_goes_to_a_public_repository(hub, exported):
    hub.repositories[REPO] = False

    assert "exists and is public" in refusal(exported, private=True)
    assert hub.files == {}


def test_without_a_token_it_is_said_how_to_get_one(hub, exported, monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)

    assert "run `hf auth login` or set HF_TOKEN" in refusal(exported)
    assert hub.repositories == {}


def test_a_refusal_of_the_hub_is_told_in_its_words(hub, exported):
    hub.refusal = (403, "You don't have the rights to create a model under someone")

    assert "You don't have the rights" in refusal(exported)


def test_a_hub_that_is_not_there_is_one_sentence(hub, exported, monkeypatch):
    from huggingface_hub import constants

    # Nobody listens on port 9 of this machine.
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")

    message = refusal(exported)
    assert "could not be reached" in message
    assert message.endswith(f"later, run `hf upload {REPO} {exported}`")


@pytest.mark.parametrize(
    "repo", ["tickets", "a/b/c", "some one/tickets", "someone/", "a/b--c..", ""]
)
def test_a_name_that_the_hub_cannot_have_is_refused_before_anything_is_written(repo):
    with pytest.raises(InputError, match="name one as OWNER/NAME"):
        require_repo(repo)


def test_a_name_that_it_can_have_is_not_refused():
    require_repo(REPO)
