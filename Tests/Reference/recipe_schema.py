"""The JSON Schema of recipes: it takes every recipe of the repository and what --init writes, and rejects each broken one
that the tests hold, but for those that only the program can tell (their first line says so). usage: recipe_schema.py BINARY"""

import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema
import yaml

binary = pathlib.Path(sys.argv[1]).resolve()
root = pathlib.Path(__file__).resolve().parents[2]
broken = root / "Tests/edgeoptTests/BrokenRecipes"
MARK = "# The schema takes this: only the program can tell."


def edgeopt(*arguments):
    return subprocess.run([binary, *arguments], capture_output=True, text=True, check=True).stdout


printed = edgeopt("recipe", "schema")
failures = []
if printed != (root / "Recipes/recipe.schema.json").read_text():
    failures.append("Recipes/recipe.schema.json is not what 'edgeopt recipe schema' prints")
schema = json.loads(printed)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)


def problems(text):
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [str(error)]
    return [f"{'/'.join(map(str, e.path))}: {e.message[:120]}" for e in validator.iter_errors(document)]


def described(node):
    """Every key that an editor offers has words beside it."""
    if isinstance(node, dict):
        for name, value in node.get("properties", {}).items():
            if "description" not in value:
                failures.append(f"'{name}' has no description")
        for value in node.values():
            described(value)
    elif isinstance(node, list):
        for value in node:
            described(value)


described(schema)
good = sorted((root / "Recipes").glob("*.yaml"))
assert len(good) >= 4
texts = [(path.name, path.read_text()) for path in good]
with tempfile.TemporaryDirectory() as folder:
    started = pathlib.Path(folder) / "started.yaml"
    edgeopt("optimize", "--init", root / "Calibration/digits/digits_cnn.onnx", "-o", started)
    texts.append(("what --init writes", started.read_text()))
for name, text in texts:
    found = problems(text)
    if found:
        failures.append(f"{name} is rejected: {found}")

rejected = accepted = 0
for path in sorted(broken.glob("*.yaml")):
    text = path.read_text()
    found = problems(text)
    if text.startswith(MARK):
        accepted += 1
        if found:
            failures.append(f"{path.name} is marked as the program's to find, but the schema does: {found}")
    else:
        rejected += 1
        if not found:
            failures.append(f"{path.name} is broken, and the schema takes it")
assert rejected > 30 and accepted > 10

# Anything but what is known is refused, at every level.
document = yaml.safe_load((root / "Recipes/mcu-256k.yaml").read_text())
for place in ["", "model", "data", "data.evaluation", "target", "outputs", "gates", "stages"]:
    copy = json.loads(json.dumps(document))
    copy["model"] = {"path": copy["model"]}
    node = copy
    for key in filter(None, place.split(".")):
        node = node[key]
    if isinstance(node, list):
        node[0]["quantize"]["no-such-key"] = 1
    else:
        node["no-such-key"] = 1
    if not problems(json.dumps(copy)):
        failures.append(f"an unknown key under '{place}' is taken")

print(f"{len(texts)} recipes taken, {rejected} broken ones rejected, {accepted} are the program's to find")
for failure in failures:
    print("FAILED:", failure)
sys.exit(bool(failures))
