"""The GitHub Action and the CI examples: their scripts parse, and do what a runner would have them do.

The action's `run` steps are executed in order in a scratch repository, with the files and variables that a runner provides;
steps that use other actions (cache, upload, comment) are not.
"""
import hashlib
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import yaml

import reference

ACTION = reference.REPOSITORY / "action.yml"
EXAMPLES = reference.REPOSITORY / "Examples" / "ci"

RECIPE = """\
name: digits
model: digits_cnn.onnx
data:
  calibration: calib_x.npy
  evaluation:
    path: test_x.npy
    labels: test_y.npy
  scale: 1/16
stages:
  - quantize:
outputs:
  model: digits.tflite
"""
GATES = """\
gates:
  max-drop: 1
  max-arena: 64k
"""


# MARK: - GitHub's expressions, as far as the action uses them


class Expressions:
    """Evaluates `${{ … }}` and `if:`: property paths, strings, ==, !=, &&, ||, format(), always()."""

    def __init__(self, contexts):
        self.contexts = contexts

    def text(self, template):
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda match: self.word(self.value(match[1])), str(template))

    @staticmethod
    def word(value):
        return {True: "true", False: "false", None: ""}.get(value, value) if not isinstance(value, str) else value

    def value(self, expression):
        tokens = re.findall(r"'(?:[^']|'')*'|&&|\|\||==|!=|[(),]|[A-Za-z_][\w.-]*|\d+", expression)
        if "".join(tokens).replace(" ", "") != expression.replace(" ", ""):
            raise ValueError(f"what is '{expression}'?")
        self.tokens = tokens
        result = self.either()
        if self.tokens:
            raise ValueError(f"'{expression}' goes on with {self.tokens}")
        return result

    def take(self, *wanted):
        if self.tokens and self.tokens[0] in wanted:
            return self.tokens.pop(0)
        return None

    def either(self):
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value or other
        return value

    def both(self):
        value = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            value = value and other
        return value

    def comparison(self):
        value = self.primary()
        while operator := self.take("==", "!="):
            same = self.word(value) == self.word(self.primary())
            value = same if operator == "==" else not same
        return value

    def primary(self):
        token = self.tokens.pop(0)
        if token == "(":
            value = self.either()
            self.expect(")")
            return value
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token == "always":
            self.expect("(")
            self.expect(")")
            return True
        if token == "format":
            self.expect("(")
            values = [self.either()]
            while self.take(","):
                values.append(self.either())
            self.expect(")")
            return re.sub(r"\{(\d+)\}", lambda match: self.word(values[int(match[1]) + 1]), values[0])
        value = self.contexts
        for part in token.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def expect(self, token):
        if not self.take(token):
            raise ValueError(f"expected {token} before {self.tokens}")


# MARK: - A runner


class Job:
    """What a runner would do with the action: its steps one after the other, in a scratch repository."""

    def __init__(self, binary, folder, text, **inputs):
        self.folder = pathlib.Path(folder)
        self.action = yaml.safe_load(ACTION.read_text())
        self.workspace = self.folder / "repository"
        self.workspace.mkdir()
        for path in reference.DIGITS.iterdir():
            if path.suffix in (".npy", ".onnx"):
                shutil.copy(path, self.workspace)
        (self.workspace / "recipe.yaml").write_text(text)
        values = {name: str(given.get("default", "")) for name, given in self.action["inputs"].items()}
        unknown = set(inputs) - set(values)
        assert not unknown, f"the action has no inputs {unknown}"
        values |= {"recipe": "recipe.yaml", "edgeopt": binary} | inputs
        self.contexts = {
            "inputs": values, "steps": {}, "runner": {"os": "Linux", "arch": "X64"},
            "github": {"event_name": "push", "token": "secret"},
        }
        self.summary = self.folder / "summary.md"
        self.summary.write_text("an earlier step\n")
        self.log = ""
        self.uses = []
        self.cache = ""

    def run(self):
        """Runs all steps, after a failure those that run always; returns the exit code of the first that fails, else 0."""
        failure = 0
        for step in self.action["runs"]["steps"]:
            expressions = Expressions(self.contexts)
            condition = str(step.get("if", "true"))
            if failure and "always()" not in condition:
                continue
            if "if" in step and not expressions.value(condition):
                continue
            if "uses" in step:
                self.uses.append(step["uses"].split("@")[0])
                if "id" in step:
                    self.contexts["steps"][step["id"]] = {"outputs": {"cache-hit": self.cache}}
                continue
            failure = self.step(step, expressions) or failure
        return failure

    def commands(self):
        """The lines of the log that a runner obeys."""
        found, token = [], None
        for line in self.log.splitlines():
            if token is not None:
                if line == f"::{token}::":
                    token = None
            elif line.startswith("::stop-commands::"):
                token = line.removeprefix("::stop-commands::")
                assert re.fullmatch(r"edgeopt-[0-9a-f]{32}", token), line
            elif line.startswith("::"):
                found.append(line)
        assert token is None, "commands are stopped to the end of the job"
        return found

    def step(self, step, expressions):
        assert step["shell"] == "bash", step
        output = self.folder / "output.txt"
        output.write_text("")
        environment = {
            **os.environ, "GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_ACTION_PATH": str(reference.REPOSITORY), "HOME": str(self.folder / "home"),
        }
        for name, value in step.get("env", {}).items():
            environment[name] = expressions.text(value)
        script = self.folder / "step.sh"
        # Text of inputs in the script itself could become commands.
        assert "${{" not in step["run"], step["name"]
        script.write_text(step["run"])
        result = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)], cwd=self.workspace, env=environment,
            capture_output=True, text=True, timeout=300,
        )
        self.log += result.stdout + result.stderr
        if "id" in step:
            pairs = [line.split("=", 1) for line in output.read_text().splitlines()]
            self.contexts["steps"][step["id"]] = {"outputs": dict(pairs)}
        return result.returncode

    def outputs(self):
        expressions = Expressions(self.contexts)
        return {name: expressions.text(given["value"]) for name, given in self.action["outputs"].items()}


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)


# MARK: - Checks


def need(condition, what):
    if not condition:
        raise AssertionError(what)


def holding(job):
    need(job.run() == 0, job.log)
    outputs = job.outputs()
    need(outputs["passed"] == "true", outputs)
    need(int(outputs["file-bytes"]) > 1000 and int(outputs["arena-bytes"]) > 1000, outputs)
    need(outputs["metric"] == "top1" and 0.9 < float(outputs["metric-value"]) <= 1, outputs)
    report = json.loads((job.workspace / outputs["report"]).read_text())
    need(report["verb"] == "optimize" and report["gates"], "the report tells of no gate")
    need("table" in Page((job.workspace / outputs["page"]).read_text()).tags, "the page has no table")
    need((job.workspace / outputs["markdown"]).read_text().startswith("### ✅ digits: "), "the Markdown's verdict")
    suite = xml.etree.ElementTree.parse(job.workspace / outputs["junit"]).getroot()
    need(suite.get("failures") == "0", "JUnit has failures")
    summary = job.summary.read_text()
    need(summary.startswith("an earlier step\n### ✅ digits: "), summary[:200])
    need(any(line.startswith("::notice file=recipe.yaml") for line in job.commands()), job.log)
    need("::error" not in job.log, job.log)
    need(job.uses == ["actions/upload-artifact"], job.uses)


def failing(job):
    need(job.run() == 1, job.log)
    outputs = job.outputs()
    need(outputs["passed"] == "false", outputs)
    line = next((line for line in job.commands() if line.startswith("::error")), "")
    number = [n for n, text in enumerate((job.workspace / "recipe.yaml").read_text().splitlines(), 1) if "max-arena" in text]
    need(line.startswith(f"::error file=recipe.yaml,line={number[0]},title=edgeopt%3A max-arena::max-arena: found "), line)
    # All reports are there, and tell of it.
    need((job.workspace / outputs["markdown"]).read_text().startswith("### ❌ digits: "), "the Markdown's verdict")
    suite = xml.etree.ElementTree.parse(job.workspace / outputs["junit"]).getroot()
    need(suite.get("failures") == "1", "JUnit has no failure")
    need("❌ digits" in job.summary.read_text(), "the summary")
    need(job.uses == ["actions/upload-artifact"], job.uses)


def simulate(tally, binary, scratch):
    count = 0

    def attempt(name, text, check, prepare=None, **inputs):
        nonlocal count
        count += 1
        folder = pathlib.Path(scratch) / str(count)
        folder.mkdir()

        def run():
            job = Job(binary, folder, text, **inputs)
            if prepare:
                prepare(job)
            check(job)

        tally.attempt(name, run)

    attempt("gates that hold", RECIPE + GATES, holding)
    attempt("a gate that fails", RECIPE + GATES.replace("64k", "1k"), failing)
    attempt("a limit that fails", RECIPE + "gates:\n  max-arena: 64k\n", failing, limits="--max-drop 1\n--max-arena 1k")

    def tolerated(job):
        need(job.run() == 0, job.log)
        need(job.outputs()["passed"] == "false", job.outputs())

    attempt("a failure that shall not fail the job", RECIPE + GATES.replace("64k", "1k"), tolerated, fail="false")

    def without_gates(job):
        need(job.run() == 0, job.log)
        need(job.outputs()["passed"] == "true", job.outputs())
        need("### digits: optimize" in job.summary.read_text(), job.summary.read_text()[:200])
        need(not job.uses, job.uses)

    attempt("a recipe without gates", RECIPE, without_gates, artifact="")

    def overridden(job):
        need(job.run() == 0, job.log)
        report = json.loads((job.workspace / job.outputs()["report"]).read_text())
        need({gate["limit"] for gate in report["gates"]} == {"2 points", "65,536 B"}, report["gates"])
        need(report["calibration"]["samples"] == 50, report["calibration"])
        need(job.summary.read_text() == "an earlier step\n", "a summary that nobody asked for")

    attempt(
        "overrides, without a summary", RECIPE + GATES, overridden, summary="false",
        set="gates.max-drop=2\n\ndata.calibration.samples=50",
    )

    def lock(job, arena=None):
        made = job.folder / "lock.json"
        report = job.folder / "first.json"
        with report.open("w") as file:
            subprocess.run([binary, "optimize", "recipe.yaml", "--json"], cwd=job.workspace, stdout=file, check=True)
        reference.call(binary, ["baseline", "update", "--report", report, "-o", made])
        document = json.loads(made.read_text())
        if arena:
            document["models"][0]["arena_bytes"] = arena
        (job.workspace / "edgeopt.lock.json").write_text(json.dumps(document))

    def grown(job):
        need(job.run() == 1, job.log)
        need("1,000 B in the baseline" in job.log, job.log)

    growth = dict(baseline="edgeopt.lock.json", limits="--max-arena +2%")
    attempt("a baseline that is kept", RECIPE + GATES, holding, lock, **growth)
    attempt("a baseline that is exceeded", RECIPE + GATES, grown, lambda job: lock(job, arena=1000), **growth)

    def broken(job):
        need(job.run() == 65, job.log)
        need("recipe.yaml" in job.log and "did you mean" in job.log, job.log)
        need(not job.commands(), job.log)
        # There is no report to keep.
        need(not job.uses, job.uses)

    attempt("a broken recipe stops the job", RECIPE.replace("stages", "stagse"), broken)

    def missing(job):
        need(job.run() == 66, job.log)
        need("edgeopt.lock.json" in job.log, job.log)
        need(job.uses == ["actions/upload-artifact"], job.uses)

    attempt("a missing baseline stops the job", RECIPE + GATES, missing, baseline="edgeopt.lock.json")

    def digested(job):
        source, cache = job.action["runs"]["steps"][:2]
        digests = set()
        for _ in range(2):
            need(job.step(source, Expressions(job.contexts)) == 0, job.log)
            digests.add(Expressions(job.contexts).text(cache["with"]["key"]))
        need(len(digests) == 1, digests)
        key = digests.pop()
        need(re.fullmatch(r"edgeopt-Linux-X64-[0-9a-f]{16}-[0-9a-f]{32}", key), key)
        release = pathlib.Path("/etc/os-release")
        text = os.uname().sysname.encode() + b"\n" + (release.read_bytes() if release.exists() else b"")
        need(key.split("-")[3] == hashlib.sha256(text).hexdigest()[:16], key)

    def cached(job):
        program = job.folder / "home" / ".cache" / "edgeopt-action" / "edgeopt"
        program.parent.mkdir(parents=True)
        program.symlink_to(binary)
        job.cache = "true"
        need(job.run() == 0, job.log)
        need(job.uses == ["actions/cache", "actions/upload-artifact"], job.uses)

    attempt("a program from the cache", RECIPE + GATES, cached, edgeopt="")
    attempt("the build's key is that of the sources", RECIPE, digested)

    def talkative(job):
        """A program that prints what a model's names could make it print, and does its work."""
        program = job.folder / "talkative"
        program.write_text(
            "#!/bin/sh\n"
            'case $1 in optimize) echo "::error::from a name" >&2;; report) [ $# -gt 2 ] || echo "::set-env name=PATH::x";; esac\n'
            f'exec "{binary}" "$@"\n')
        program.chmod(0o755)
        job.contexts["inputs"]["edgeopt"] = str(program)

    def obeyed(status):
        def check(job):
            need(job.run() == status, job.log)
            need("::error::from a name" in job.log, job.log)
            need(status or "::set-env name=PATH::x" in job.log, job.log)
            need(not [line for line in job.commands() if "name" in line], job.commands())
        return check

    attempt("names in a model are no commands", RECIPE, obeyed(0), talkative)
    attempt("nor are they where the recipe fails", RECIPE.replace("stages", "stagse"), obeyed(65), talkative)

    def comments(head):
        """Whether the pull request gets a comment."""
        def prepare(job):
            job.contexts["inputs"]["comment"] = "true"
            job.contexts["github"] |= {
                "event_name": "pull_request", "repository": "us/model",
                "event": {"pull_request": {"head": {"repo": {"full_name": head}}}},
            }

        def check(job):
            need(job.run() == 0, job.log)
            need(("actions/github-script" in job.uses) == (head == "us/model"), job.uses)
            step = next(step for step in job.action["runs"]["steps"] if "github-script" in step.get("uses", ""))
            need(step["continue-on-error"] is True, step)

        return check, prepare

    attempt("a pull request gets a comment", RECIPE, *comments("us/model"))
    attempt("a pull request of a fork gets none", RECIPE, *comments("them/model"))

    def hostile(job):
        need(job.run() != 0, "the recipe's name was taken")
        need(not (job.workspace / "pwned").exists(), "an input became a command")

    attempt("inputs are no commands", RECIPE, hostile, recipe='x"; touch pwned; $(touch pwned) `touch pwned`.yaml')


# MARK: - The files as they are


def scripts(node, key=""):
    """Every script in a workflow, an action or a pipeline."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield from scripts(value, name)
    elif isinstance(node, list):
        if key in ("script", "before_script", "after_script"):
            yield "\n".join(node)
        for value in node:
            yield from scripts(value, key if isinstance(value, list) else "")
    elif key == "run":
        yield node


def syntax(tally):
    for path in [ACTION, *sorted(EXAMPLES.glob("*.yml"))]:
        document = yaml.safe_load(path.read_text())
        found = list(scripts(document))
        tally.check(f"{path.name} has scripts", None if found else "none was found")
        for index, script in enumerate(found):
            # What stands in ${{ }} is put in before the shell reads it.
            result = subprocess.run(
                ["bash", "-n"], input=re.sub(r"\$\{\{.*?\}\}", "x", script), capture_output=True, text=True)
            tally.check(f"{path.name}, script {index + 1}", result.stderr.strip() or None)


def workflow(tally):
    action = yaml.safe_load(ACTION.read_text())
    steps = yaml.safe_load((EXAMPLES / "github-workflow.yml").read_text())["jobs"]["model"]["steps"]
    used = next(step for step in steps if "edgeopt" in step.get("uses", ""))
    unknown = set(used["with"]) - set(action["inputs"])
    tally.check("the workflow's inputs are the action's", f"unknown: {unknown}" if unknown else None)
    names = set(re.findall(r"steps\.edgeopt\.outputs\.([\w-]+)", (EXAMPLES / "github-workflow.yml").read_text()))
    unknown = names - set(action["outputs"])
    tally.check("the workflow's outputs are the action's", f"unknown: {unknown}" if unknown else None)
    for step in action["runs"]["steps"]:
        kind = "shell" if "run" in step else "uses"
        tally.check(f"the step '{step['name']}'", None if kind in step else f"it has no '{kind}'")


def gitlab(tally, binary, scratch):
    job = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["model"]
    for name, gates, status in [("holds", GATES, 0), ("fails", GATES.replace("64k", "1k"), 1)]:
        folder = pathlib.Path(scratch) / f"gitlab-{name}"
        folder.mkdir()
        for path in reference.DIGITS.iterdir():
            if path.suffix in (".npy", ".onnx"):
                shutil.copy(path, folder)
        (folder / "recipe.yaml").write_text(RECIPE + gates)
        (folder / ".edgeopt-bin").mkdir()
        (folder / ".edgeopt-bin" / "edgeopt").symlink_to(binary)
        script = "\n".join(["set -eo pipefail", *job["before_script"], *job["script"]])
        variables = {key: str(value) for key, value in job["variables"].items()}

        def run():
            result = subprocess.run(
                ["bash", "-c", script], cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True)
            need(result.returncode == status, f"exit code {result.returncode}: {result.stderr}")
            entries = json.loads((folder / "gl-code-quality-report.json").read_text())
            need([entry["check_name"] for entry in entries] == ["edgeopt/max-arena"][:status], entries)
            for entry in entries:
                need(set(entry) >= {"description", "check_name", "fingerprint", "severity", "location"}, entry)
                need(entry["severity"] in ("info", "minor", "major", "critical", "blocker"), entry)
                need(entry["location"]["path"] == "recipe.yaml" and entry["location"]["lines"]["begin"] > 10, entry)
            suite = xml.etree.ElementTree.parse(folder / "judged.xml").getroot()
            need(suite.get("failures") == str(status), "JUnit")
            for line in (folder / "report.env").read_text().splitlines():
                need(re.fullmatch(r"[a-z0-9_]+=.*", line), line)
            for path in job["artifacts"]["paths"] + list(job["artifacts"]["reports"].values()):
                need((folder / path).exists(), f"{path} is missing")

        tally.attempt(f"the GitLab job with a gate that {name}", run)


def main():
    options = reference.arguments(__doc__.splitlines()[0])
    binary = os.path.abspath(options.binary)
    tally = reference.Tally("ci_examples")
    syntax(tally)
    workflow(tally)
    with tempfile.TemporaryDirectory() as scratch:
        simulate(tally, binary, scratch)
        gitlab(tally, binary, scratch)
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
