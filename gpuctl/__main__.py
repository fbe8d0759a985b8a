"""The program's first lines: whatever can be answered before anything heavy is imported is answered here."""

import sys


def main() -> int:
    """Run gpuctl on the process's arguments; returns the exit code."""
    arguments = sys.argv[1:]
    if arguments in (["--version"], ["-V"]):
        from gpuctl import __version__  # noqa: PLC0415

        print("gpuctl", __version__)
        return 0
    from gpuctl.cli.main import run  # noqa: PLC0415  --version must not pay for it

    code = run(arguments, sys.argv[0])
    if code == 130:  # threads that still wait for the network must not hold up the exit
        import os  # noqa: PLC0415
        from contextlib import suppress  # noqa: PLC0415

        with suppress(OSError):  # the reader may have gone too
            sys.stdout.flush()
        os._exit(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
