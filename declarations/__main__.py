"""`python -m declarations` prints task-status.d.ts; `make openapi` writes it, a test proves it current."""

from __future__ import annotations

import sys

from declarations.typescript import declarations_now

if __name__ == "__main__":
    sys.stdout.write(declarations_now())
