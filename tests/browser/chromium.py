"""A headless Chromium, and pages opened in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

REQUIRED = os.environ.get("FAZHI_REQUIRE_BROWSER") == "1"

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WIDE: ViewportSize = {"width": 1400, "height": 900}


def chromium() -> str:
    """Return the path of Chromium; without one the test is skipped, or fails where a browser is required."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if REQUIRED:
            pytest.fail("FAZHI_REQUIRE_BROWSER=1, and there is no Chromium on PATH")
        pytest.skip("there is no Chromium on PATH")
    return found


@contextmanager
def opened(browser: Browser, file: Path) -> Iterator[Page]:
    """Open a self-contained page; a request, an error or a refusal by its content security policy fails the test."""
    page = browser.new_page(viewport=WIDE)
    trouble: list[str] = []
    page.on("request", lambda request: trouble.append(request.url))
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(file.as_uri())
    yield page
    assert set(trouble) == {file.as_uri()}
    page.close()
