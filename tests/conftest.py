"""What holds for every test: one torch thread, no network, errors in full."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported, and inherited by the servers the tests start
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import pytest
import torch
from streamlit import config as streamlit_config

torch.set_num_threads(1)


SLOW = ("tests/pages", "tests/model/families", "tests/benchmarks")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Everything under tests/browser needs a browser, and whole folders take long, whether their authors said so or not."""
    for item in items:
        folder = item.path.parent.relative_to(config.rootpath).as_posix()
        if folder.startswith("tests/browser"):
            item.add_marker(pytest.mark.browser)
        if folder.startswith(SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True, scope="session")
def _errors_in_full() -> None:
    """A page that fails under AppTest shows its whole message, which .streamlit/config.toml keeps from browsers."""
    streamlit_config.set_option("client.showErrorDetails", "full")
