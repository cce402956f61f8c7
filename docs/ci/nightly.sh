#!/usr/bin/env bash
# Every night: copy a replica's dump, sum it up, check it against yesterday's, and tell somebody.
#
#     nightly.sh FOLDER COMMAND...
#
# COMMAND writes a dump to standard output, such as `ssh replica cat /var/lib/redis/dump.rdb`. FOLDER
# keeps the summaries, one a day, and rdblens.toml with the budgets; the dump itself is deleted. What
# is told goes to standard output and to RDBLENS_ALERT, a command that reads it, where that is set.
# Exit code: that of `rdblens check`; 2 when there was nothing to check.
set -euo pipefail
umask 077
folder=$1
shift
cd "$folder"
today=$(date -u +%F)
dump=$(mktemp ./.dump-XXXXXX)
trap 'rm -f "$dump" "$dump.json" "$dump.txt"' EXIT

fail() {
    echo "$1"
    [ -z "${RDBLENS_ALERT:-}" ] || echo "$1" | sh -c "$RDBLENS_ALERT"
    exit 2
}

"$@" >"$dump" || fail "no dump: the command that copies it failed"
rdblens summary "$dump" -o "$dump.json" || fail "the dump was not read as a whole"
# the newest summary of another day
baseline=$(find . -maxdepth 1 -name 'rdblens-*.json' ! -name "rdblens-$today.json" | sort | tail -n 1)
mv "$dump.json" "rdblens-$today.json"

flags=()
[ -z "$baseline" ] || flags+=(--baseline "$baseline")
if [ -z "$baseline" ] && [ ! -e rdblens.toml ]; then
    echo "the first night: nothing to compare with yet"
    exit 0
fi
status=0
rdblens check "rdblens-$today.json" "${flags[@]}" >"$dump.txt" 2>&1 || status=$?
cat "$dump.txt"
if [ $status -ne 0 ] && [ -n "${RDBLENS_ALERT:-}" ]; then
    sh -c "$RDBLENS_ALERT" <"$dump.txt"
fi
exit $status
