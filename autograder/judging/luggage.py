"""What a zygote is given of this package: its modules in a zip that has no name in any folder.

So nothing of the kit has to be readable where workers live, not even the folder that it is installed in.
"""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

_MAIN = "from autograder.judging.zygote import main\n\nmain()\n"


def packed_kit() -> int:
    """The descriptor of a zip that Python can run as `/proc/self/fd/N`: the zygote, with the modules it may need."""
    package = Path(__file__).parents[1]
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("__main__.py", _MAIN)
        for path in [*package.glob("*.py"), *package.glob("judging/*.py")]:
            archive.writestr(f"autograder/{path.relative_to(package).as_posix()}", path.read_bytes())
    descriptor = os.memfd_create("kit")
    os.write(descriptor, data.getbuffer())
    return descriptor
