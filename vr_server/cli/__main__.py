"""`python -m vr_server.cli`."""

from vr_server.cli import main

main()
