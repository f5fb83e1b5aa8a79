"""A page in headless Chromium, driven by its debugging protocol: for what needs a worker or a click."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

BROWSER = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)


class Tab:
    """One page: opened, asked and looked at."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv(timeout=120))
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def run(self, script: str) -> Any:
        """Return the value of an expression of JavaScript, waiting for a promise."""
        found = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.run(condition):
            if time.monotonic() > end:
                raise TimeoutError(f"{condition} is not true after {seconds} s")
            time.sleep(0.1)

    def open(self, address: str, width: int = 1280, height: int = 900) -> None:
        """Open an address at a width of the screen in pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=address)
        time.sleep(0.1)
        self.wait("document.readyState === 'complete'")

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write what is seen as PNG."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(b64decode(found["data"]))


@contextmanager
def open_browser(folder: Path) -> Iterator[Tab]:
    """Start Chromium with a profile of its own in a folder; it ends with the block."""
    profile = folder / "profile"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        [str(BROWSER), *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        port = _wait_for_port(profile / "DevToolsActivePort")
        with connect(_address_of_tab(port), max_size=None) as socket:
            yield Tab(socket)
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_port(path: Path) -> int:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        lines = path.read_text(encoding="utf-8").split() if path.is_file() else []
        if len(lines) > 1:
            return int(lines[0])
        time.sleep(0.1)
    raise TimeoutError("the browser did not start within 60 s")


def _address_of_tab(port: int) -> str:
    from urllib.request import urlopen

    end = time.monotonic() + 30
    while time.monotonic() < end:
        with urlopen(f"http://127.0.0.1:{port}/json/list") as answer:
            for page in json.load(answer):
                if page["type"] == "page":
                    return str(page["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise TimeoutError("the browser opened no page within 30 s")
