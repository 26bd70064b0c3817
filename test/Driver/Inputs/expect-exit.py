"""expect-exit.py CODE COMMAND...: runs the command and fails unless it returns CODE, which `not` doesn't look at."""

import subprocess
import sys

code = subprocess.run(sys.argv[2:], stderr=subprocess.STDOUT, check=False).returncode
if code != int(sys.argv[1]):
    sys.exit(f"expected exit code {sys.argv[1]}, but got {code}")
