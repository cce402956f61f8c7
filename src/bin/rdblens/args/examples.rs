//! What stands below the flags in the help of each command.

pub(super) const ANALYZE: &str = "\
Examples:
  rdblens dump.rdb                             what fills this Redis, on one screen
  rdblens dump.rdb --match 'session:*' --full  the same for some keys, with every list
  rdblens dump.rdb --server valkey-9.1         what it would take on another server
  rdblens dump.rdb --format json | jq .instance
  rdblens keys dump.rdb --min-bytes 10mb       the large keys, a JSON object a line
  ssh db1 cat dump.rdb | rdblens -             from a pipe

Exit status: 0 when all was read; 2 when a part was not, or nothing could be done.";

pub(super) const KEYS: &str = "\
Columns: db, key, type, encoding, bytes, elements, expires_at_ms, expired, idle_s, freq, slot;
more of them with --columns: largest_element, fields_with_ttl, spread, certainty, key_bytes,
object_bytes, structure_bytes, payload_bytes. A name that is no UTF-8 stands in key_base64.

Examples:
  rdblens keys dump.rdb | jq -r 'select(.expires_at_ms == null) | .key'
  rdblens keys dump.rdb --format csv -o keys.csv --columns +largest_element
  rdblens keys dump.rdb --type hash --no-ttl --columns db,key,bytes

Exit status: 0 when all was read; 2 when a part was not (the rows before it are there), or nothing
could be done.";

pub(super) const SUMMARY: &str = "\
A summary is JSON of at most a megabyte, whatever the dump. It holds totals, patterns, types,
lifetimes, histograms and the largest keys, and what merging needs; names of patterns and of a few
keys are in it, values never. Every command that needs no more takes it in place of the dump.

Examples:
  rdblens summary dump.rdb -o base.json
  rdblens base.json                            the report again, in milliseconds
  rdblens summary shard-*.rdb -o cluster.json  several dumps as one

Exit status: 0 when all was read; 2 when a part was not (the summary says so), or nothing could be
done.";

pub(super) const TREND: &str = "\
Takes summaries, dumps, and folders of them, in any order. What cannot be compared with the newest
one (another server's sizes, a snapshot that is not whole, one that does not say when it was taken)
is left out and named on standard error.

Examples:
  rdblens trend /var/lib/rdblens/ --maxmemory 8gb
  rdblens trend base-*.json --format csv -o trend.csv

Exit status: 0 when all snapshots count; 2 when some are left out, or nothing could be done.";

pub(super) const WHATIF: &str = "\
Every combination of what is named is an alternative, three at the most: two servers with --set once
are two, one server with --set for the same setting twice is two as well. All are computed in one
pass over the dump, beside today's size.

Examples:
  rdblens whatif dump.rdb --server valkey-8.1 --server redis-8.6
  rdblens whatif dump.rdb --set hash-max-listpack-entries=1024
  rdblens whatif dump.rdb --server valkey-9.1 --by prefix --top 40
  rdblens whatif dump.rdb --allocator libc --format json

Exit status: 0 when all was read; 2 when a part was not, or nothing could be done.";

pub(super) const DIFF: &str = "\
Takes dumps and summaries. Both must be sized alike: a dump is sized as the summary beside it was,
and of two dumps the old one as the new one; two summaries that were sized differently are refused.

Examples:
  rdblens diff yesterday.json dump.rdb
  rdblens diff old.rdb new.rdb --maxmemory 8gb
  rdblens diff base.json new.json --format json | jq '.patterns[:3]'

Exit status: 0 when both were read; 2 when a part was not, or nothing could be done.";

pub(super) const CHECK: &str = "\
Budgets stand in rdblens.toml under [check] (docs/growth.md); `rdblens init DUMP` proposes some. A
limit is broken when it is passed, not when it is met. With a baseline and without budgets a default
growth limit holds: all keys together may take 10 % more than in the baseline, growth of 1 MiB and
less aside.

Examples:
  rdblens init dump.rdb -o rdblens.toml
  rdblens check dump.rdb
  rdblens check dump.rdb --baseline base.json --format json

Exit status: 0 when all limits hold, or only warnings are broken; 1 when a limit is broken; 2 when
that cannot be told: a snapshot that was not read as a whole, a rule that no pattern fits, budgets
with a mistake, neither budgets nor a baseline.";

pub(super) const INIT: &str = "\
The limits are a quarter above what the snapshot holds, so that it keeps to them.

Examples:
  rdblens init dump.rdb -o rdblens.toml
  rdblens check dump.rdb

Exit status: 0 when the budgets were written; 2 when not.";

pub(super) const MERGE: &str = "\
All must have been made with the same server, allocator and settings, and the same patterns and
filters: give --server to `rdblens summary` where the shards' versions differ.

Examples:
  rdblens merge node-1.json node-2.json -o cluster.json
  rdblens merge nodes/*.json | rdblens -

Exit status: 0 when all was merged; 2 when not.";

pub(super) const SHOW: &str = "\
KEY is the name as it is, or as rdblens shows it: \\x00 and \\u{200b} stand for one byte and one
character, \\\\ for a backslash, \"\" for the empty name.

Examples:
  rdblens show dump.rdb session:42             where it lies, and why it takes what it takes
  rdblens show dump.rdb 'cart:\\xff' --value    with its content
  rdblens show dump.rdb session:42 --format json | jq '.keys[].parts'

Exit status: 0 when the key was found and shown; 2 when there is none, or not all could be read.";

pub(super) const EXPORT: &str = "\
RESP sets every key from nothing: load it into an empty server. JSON has neither databases' numbers
nor TTLs. Streams, arrays and modules' values cannot be exported: each is named on standard error.

Examples:
  rdblens export dump.rdb --match 'user:*' --format resp | redis-cli -p 7777 --pipe
  rdblens export dump.rdb --match 'user:*' --limit 10 --format json
  rdblens export dump.rdb --type hash --format resp -o hashes.resp --skip-undecodable

Exit status: 0 when all keys were written; 2 when some are left out (unless --skip-undecodable), a
part of the dump was not read, or nothing could be done.";
