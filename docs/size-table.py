#!/usr/bin/env python3
"""Compare rdblens with the servers' answers in fixtures/, and write the table of errors.

    docs/size-table.py [--write docs/size-model.md] [target/release/rdblens]

Each dump is sized as by the server that answered, with its allocator and settings, and set against
MEMORY USAGE key SAMPLES 0. Without --write the table is printed; with it, the table between the
marks in that file is replaced.
"""
import argparse
import base64
import collections
import gzip
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- table begins -->", "<!-- table ends -->"
TYPES = ("string", "list", "set", "zset", "hash", "stream", "array")


def rows(program, dump, server, crossed, folder):
    args = [program, "keys", "--sizes", "reported", "--allocator", server["allocator"]]
    if crossed:
        args += ["--server", f"{server['product']}-{server['version']}"]
    if server["settings"]:
        config = pathlib.Path(folder) / "server.conf"
        settings = {"maxmemory": "0", **server["settings"]}
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        args += ["--server-config", config]
    out = subprocess.run([*args, dump], stdout=subprocess.PIPE, check=True).stdout
    for line in out.splitlines():
        row = json.loads(line)
        key = row["key"].encode() if "key" in row else base64.b64decode(row["key_base64"])
        yield (row["db"], key), row


def compare(program, folder):
    found = collections.defaultdict(list)
    for facts in sorted(ROOT.glob("fixtures/*/*.server.json")):
        case = facts.name.removesuffix(".server.json")
        truth = facts.with_name(f"{case}.truth.jsonl.gz")
        written = case.split("-on-")[0]
        dump = facts.with_name(f"{written}.rdb")
        if not truth.exists() or not dump.exists():
            continue
        server = json.loads(facts.read_text())
        answers = {}
        with gzip.open(truth, "rt") as lines:
            for line in lines:
                answer = json.loads(line)
                answers[(answer["db"], base64.b64decode(answer["key_b64"]))] = answer
        name = f"{server['product']} {server['version']}, {server['allocator']}"
        for key, row in rows(program, dump, server, case != written, folder):
            answer = answers.get(key)
            if answer and answer.get("memory_usage") and answer["type"] in TYPES:
                said = [answer["memory_usage"], answer.get("memory_usage_again") or answer["memory_usage"]]
                nearest = min(said, key=lambda bytes: abs(bytes - row["bytes"]))
                slack = answer["type"] in ("list", "hash")
                kind = f"{answer['type']}, {row['encoding']}"
                found[name, kind].append((nearest, row["bytes"], abs(nearest - row["bytes"]) <= slack))
    return found


def table(found):
    yield "| server, allocator | type, encoding | keys | exact | worst key | sum |"
    yield "|---|---|---:|---:|---:|---:|"
    for (name, kind), pairs in sorted(found.items()):
        exact = sum(same for _, _, same in pairs) / len(pairs)
        worst = max(abs(ours - theirs) / theirs for theirs, ours, _ in pairs)
        total = sum(ours for _, ours, _ in pairs) / sum(theirs for theirs, _, _ in pairs) - 1
        yield f"| {name} | {kind} | {len(pairs)} | {exact:.1%} | {worst:.2%} | {total:+.3%} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("program", nargs="?", default=ROOT / "target/release/rdblens")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = "\n".join(table(compare(args.program, folder)))
    if args.write:
        page = args.write.read_text()
        before, after = page.split(BEGIN)[0], page.split(END)[1]
        args.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    else:
        print(text)


if __name__ == "__main__":
    main()
