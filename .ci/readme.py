#!/usr/bin/env python3
"""Run the first command of the README and compare what it prints with what stands there.

    readme.py README.md

The first block of code with a line `$ cargo run ...` is taken: the command, and the lines up to the
next command or the end of the block. Spaces at line ends do not count. The second command of the
README, `cargo test`, is a task of its own.
"""
import difflib
import re
import subprocess
import sys


def examples(text):
    """The commands in blocks of code, each with the lines that follow it."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S):
        if re.search(r"^\$ ", block, re.M):
            for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                yield command, [line.rstrip() for line in output.rstrip().splitlines()]


def main():
    commands = list(examples(open(sys.argv[1], encoding="utf-8").read()))
    run = next(((c, out) for c, out in commands if c.startswith("cargo run ")), None)
    if not run or not run[1]:
        sys.exit("the README shows no output of `$ cargo run ...`")
    if not any(c == "cargo test" for c, _ in commands):
        sys.exit("the README does not show `$ cargo test`")
    command, want = run
    print("$", command, flush=True)
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(f"it ends with {done.returncode}")
    got = [line.rstrip() for line in done.stdout.decode().rstrip().splitlines()]
    if got != want:
        print("\n".join(difflib.unified_diff(want, got, "README", "printed", lineterm="")))
        sys.exit("it prints something else than the README says")
    print(f"{len(got)} lines as in the README")


if __name__ == "__main__":
    main()
