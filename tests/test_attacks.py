"""Attacks on the judge, on every tier of protection that this machine has: nobody gets more than was earned.

Costly attacks are run on one tier each; with EVERY=1 in the environment, as after a change to the layers, on all.
A tier that is missing here is skipped and says why; GRADLINGS_TIERS=required, as in CI, makes that a failure.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from attack_harness import ATTACKS, TIERS, AttackHarness, attack_harness, attack_names, attack_names_on
    from gradlings.sandbox.inside.lockdown import landlock_abi
    from gradlings.sandbox.settings import ProtectionLayers

ROOT = Path(__file__).parents[1]
GROUPS = 2
USER = 61000  # nobody's


def missing(why: str) -> None:
    if os.environ.get("GRADLINGS_TIERS") == "required":
        pytest.fail(why)
    pytest.skip(why)


def tiers() -> dict[str, "ProtectionLayers"]:
    return {
        "all layers": ProtectionLayers(),
        "the first Landlock, no bubblewrap": ProtectionLayers(landlock=1, bubblewrap=False),
        "bubblewrap, no Landlock": ProtectionLayers(landlock=0),
    }


@pytest.fixture(scope="module", params=tiers() if sys.platform == "linux" else ["any"])
def attacked(request: pytest.FixtureRequest) -> Iterator[tuple["AttackHarness", list[str]]]:
    """What runs attacks on one tier, and those that belong to it."""
    layers = tiers()[request.param]
    if layers.landlock and not landlock_abi():
        missing("this kernel has no Landlock, or it is switched off")
    if not layers.landlock and shutil.which("bwrap") is None:
        missing("bubblewrap is not installed")
    with attack_harness(layers) as harness:
        assert harness.protection.holds
        assert harness.protection.landlock == min(layers.landlock, landlock_abi())
        assert harness.protection.private_uid == (os.geteuid() == 0)
        if not layers.bubblewrap:
            assert not harness.protection.bubblewrap
        yield harness, attack_names_on(list(tiers()).index(request.param))


@pytest.mark.parametrize("group", range(GROUPS))
def test_attacks_get_what_they_earned_and_harm_nobody(group: int, attacked: tuple["AttackHarness", list[str]]) -> None:
    harness, names = attacked
    assert harness.failures(names[group::GROUPS]) == []


def test_the_same_as_an_ordinary_user_with_landlock_alone() -> None:
    """No private user id, no bubblewrap: judge, zygote and workers are the same user."""
    if os.geteuid() != 0:
        missing("only root can start something as another user; the other tiers ran as an ordinary one")
    if not landlock_abi():
        missing("this kernel has no Landlock, or it is switched off")
    asked = {"user": USER, "layers": asdict(ProtectionLayers(bubblewrap=False)), "names": attack_names_on(len(tiers()))}
    command = [*opened_up(), sys.executable, str(ROOT / "tests" / "attack_harness.py"), json.dumps(asked)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd="/", env={**clean, "HOME": "/"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["wrong"] == []
    assert (said["protection"]["uid"], said["protection"]["private_uid"]) == (USER, False)


def opened_up() -> list[str]:
    """What to put before a command so that another user can read Python and this folder below closed ones."""
    needed = [Path(sys.base_prefix), Path(sys.prefix), ROOT]
    closed = {top for path in needed if (top := outermost_closed(path)) is not None}
    if not closed:
        return []
    if shutil.which("bwrap") is None:
        missing(f"other users may not read below {', '.join(map(str, closed))}, and bubblewrap is not installed")
    command = ["bwrap", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--dev-bind", "/", "/"]
    for top in sorted(closed):
        command += ["--tmpfs", str(top), "--chmod", "0755", str(top)]
    for path in needed:
        if (top := outermost_closed(path)) is not None:
            inside = [parent for parent in reversed(path.parents) if top in parent.parents]
            command += [part for parent in inside for part in ("--dir", str(parent))]
            command += ["--ro-bind", str(path), str(path)]
    return [*command, "--"]


def outermost_closed(path: Path) -> Path | None:
    for parent in (*reversed(path.parents), path):
        if parent.stat().st_mode & 0o005 != 0o005:
            return parent
    return None


def test_every_attack_has_its_expectation_and_a_tier() -> None:
    assert len(attack_names()) >= 100
    assert len(tiers()) + 1 == TIERS
    assert {name for tier in range(TIERS) for name in attack_names_on(tier)} == set(attack_names())
    for folder in ATTACKS.iterdir():
        if folder.is_dir() and folder.name[0] not in "._":
            assert (folder / "expect.toml").is_file(), folder.name
            assert len(list(folder.glob("submission.*"))) == 1, folder.name
