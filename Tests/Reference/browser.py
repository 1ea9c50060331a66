"""A headless Chromium that a test drives over its DevTools protocol, through pipes: no port, no package."""
import base64
import collections
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time


class BrowserError(Exception):
    """What the browser refused, or did not answer in time."""


def program():
    """The browser's path, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if path := shutil.which(name):
            return path
    return None


class Browser:
    """A browser with a profile of its own; pages come from `page()`.

        with Browser() as browser, browser.page(width=390) as page:
            page.open("file:///…/report.html")
            page.evaluate("document.title")
    """

    def __init__(self, timeout=60):
        self.timeout = timeout
        self.answers = {}
        self.events = collections.defaultdict(list)
        self.number = 0
        self.buffer = b""

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="edgeopt-browser-")
        # The browser reads commands from descriptor 3 and answers on 4.
        commands, self.commands = os.pipe()
        self.replies, replies = os.pipe()
        commands, replies = (fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (commands, replies))
        arguments = [
            program(), "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self.profile}", "--no-sandbox",
            "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
            "--disable-component-update", "--disable-extensions", "--disable-sync", "--mute-audio", "--hide-scrollbars",
            "--force-device-scale-factor=1", "--lang=en-US", "about:blank",
        ]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(3, 4),
            preexec_fn=lambda: (os.dup2(commands, 3), os.dup2(replies, 4)), start_new_session=True)
        os.close(commands)
        os.close(replies)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(BrowserError, OSError):
            self.call("Browser.close")
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, session=None, **parameters):
        """A command's answer."""
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        until = time.time() + self.timeout
        while number not in self.answers:
            self.read(until, method)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def wait(self, session, event):
        """Until an event of this name has come."""
        until = time.time() + self.timeout
        while not any(name == event for name, _ in self.events[session]):
            self.read(until, event)

    def read(self, until, wanted):
        left = until - time.time()
        if left <= 0 or not select.select([self.replies], [], [], left)[0]:
            raise BrowserError(f"no answer to {wanted} within {self.timeout} s")
        piece = os.read(self.replies, 1 << 20)
        if not piece:
            raise BrowserError(f"the browser ended (code {self.process.poll()})")
        *messages, self.buffer = (self.buffer + piece).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.answers[message["id"]] = message
            else:
                self.events[message.get("sessionId")].append((message["method"], message.get("params", {})))

    @contextlib.contextmanager
    def page(self, width, height=900, scheme="light", scripts=True):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        try:
            yield page
        finally:
            self.call("Target.closeTarget", targetId=target)


class Page:
    def __init__(self, browser, session):
        self.browser = browser
        self.session = session
        self.url = None

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    @property
    def events(self):
        return self.browser.events[self.session]

    def open(self, url):
        self.url = url
        self.events.clear()
        self.call("Page.navigate", url=url)
        self.browser.wait(self.session, "Page.loadEventFired")

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def complaints(self):
        """Everything on the console, every exception, and every request but the page's own."""
        self.evaluate("0")  # so that what came before it has arrived
        found = []
        for name, event in self.events:
            if name == "Runtime.consoleAPICalled":
                found.append("console: " + " ".join(str(each.get("value")) for each in event["args"]))
            elif name == "Runtime.exceptionThrown":
                found.append("exception: " + event["exceptionDetails"]["text"])
            elif name == "Log.entryAdded":
                found.append("log: " + event["entry"]["text"])
            elif name == "Network.requestWillBeSent":
                url = event["request"]["url"]
                if url != self.url and not url.startswith("data:"):
                    found.append("request: " + url)
        return found

    def screenshot(self, path, limit=16_000):
        """The whole page, as far as pictures go."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], limit), "scale": 1}
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(picture["data"]))
