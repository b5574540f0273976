"""The worked chapter's page in a headless Chromium (`tox -e class`)."""

import subprocess
import sys

import pytest

from tests.meta.browser import chromium

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Where `python -m lmm_core --html` wrote it."""
    pytest.importorskip("matplotlib")
    path = tmp_path_factory.mktemp("page") / "chapter.html"
    subprocess.run([sys.executable, "-m", "lmm_core", "--html", str(path)], check=True)
    return path.as_uri()


@pytest.mark.parametrize("size", [(360, 740), (1280, 800), (1920, 1080)], ids=["phone", "laptop", "projector"])
def test_the_page_opens_without_a_sideways_scroll(page, size):
    """Pictures loaded, nothing on the console, every link of the contents leads somewhere."""
    with chromium(*size) as browser:
        browser.get(page)
        assert browser.execute_script("return window.innerWidth") == size[0]
        assert browser.title == "Linear mixed model I, worked"
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        widths = browser.execute_script("return [...document.images].map(image => image.naturalWidth)")
        assert len(widths) == 4 and min(widths) > 0
        goals = browser.execute_script(
            "return [...document.querySelectorAll('nav a')].map(a => !!document.querySelector(a.hash))"
        )
        assert goals == [True, True]
        assert browser.get_log("browser") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_ink_and_paper_change_with_the_scheme(page, scheme):
    """Dark on light, or light on dark, as the reader's system has it."""
    with chromium() as browser:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        browser.get(page)
        ink, paper = browser.execute_script(
            "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
        )
        brightness = [sum(map(int, color[4:-1].split(","))) for color in (ink, paper)]
        assert (brightness[0] < brightness[1]) == (scheme == "light")


def test_the_page_prints_its_code_whole(page):
    """On paper lines are broken, not cut."""
    with chromium() as browser:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        browser.get(page)
        cut = "return [...document.querySelectorAll('pre')].filter(p => p.scrollWidth > p.clientWidth + 1).length"
        assert browser.execute_script(cut) == 0
