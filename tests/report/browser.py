"""A page as headless Chromium lays it out: how wide it gets, and what it asks the network for."""

import html
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A frame is as wide as asked, where a window of Chromium has a least width of its own.
_FRAME = '<iframe width="{width}" height="800" style="border:0" srcdoc="{page}"></iframe>'
_MEASURE = """
<script>
window.addEventListener("load", () => {
  const found = [...document.querySelectorAll("iframe")].map((frame) => {
    const root = frame.contentDocument.documentElement, inner = frame.contentWindow.innerWidth;
    const tooWide = [...root.querySelectorAll("body *")].filter((element) =>
      !element.closest(".scroll *") && element.getBoundingClientRect().right > inner + 0.5);
    return {
      inner: inner,
      scroll: root.scrollWidth,
      tooWide: tooWide.map((e) => e.tagName + "." + e.getAttribute("class")),
      requests: frame.contentWindow.performance.getEntriesByType("resource").map((r) => r.name),
    };
  });
  const result = document.createElement("pre");
  result.id = "found";
  result.textContent = JSON.stringify(found);
  document.body.append(result);
});
</script>
"""


@dataclass(frozen=True)
class Layout:
    """A page at one width.

    Attributes:
        inner: width of the window.
        scroll: width of the page.
        too_wide: what reaches beyond the window, other than within a box that scrolls.
        requests: what the page asked the network for.
    """

    inner: int
    scroll: int
    too_wide: list[str]
    requests: list[str]


def layouts(page: str, widths: tuple[int, ...], folder: Path) -> list[Layout]:
    """The page at each width, in CSS pixels; skips the test without a Chromium."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    chromium = next(filter(None, found), None)
    if chromium is None:
        pytest.skip("needs Chromium: on Debian, apt-get install chromium")
    frames = "".join(_FRAME.format(width=w, page=html.escape(page)) for w in widths)
    file = folder / "frames.html"
    file.write_text(f"<!doctype html><meta charset=utf-8><body>{_MEASURE}{frames}</body>")
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [chromium, *_FLAGS, profile, "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    marker = '<pre id="found">'
    assert marker in done.stdout, done.stderr
    measured = html.unescape(done.stdout.split(marker)[1].split("</pre>")[0])
    return [
        Layout(each["inner"], each["scroll"], each["tooWide"], each["requests"])
        for each in json.loads(measured)
    ]
