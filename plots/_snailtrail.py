"""A traced run in two views, as `weir analyze --json` sees them, for the figures of SnailTrail (NSDI 2018).

    run = traced(weir, scenario, directory)
    exact(weir, run)         # the run's own graph: who waited, was blocked, and for whom, is in it
    as_published(weir, run)  # from an event log that holds what the paper's instrumentation of Flink logs:
                             # work and data messages, but neither waiting nor signals of flow control

In the second, what a worker did between two records of its log is a guess, and shorter gaps than a second are
closed, as in the configuration of the published plots. Whether that inserts waiting where a worker sent and then
received is an option of the published code. Here it does not (--no-insert-waiting): a choice made with sight of
Fig. 11, in which the Counts keep their share although they wait for the FlatMaps.
"""

import json
import struct
import subprocess

from _runs import Run

FROM_S, TO_S = 2, 12  # the first windows are left out: queues fill
PROCESSING, SCHEDULING, DATA_MESSAGE, SERIALIZATION, DESERIALIZATION = 4, 3, 10, 6, 7
LOGGED = (PROCESSING, SCHEDULING, DATA_MESSAGE, SERIALIZATION, DESERIALIZATION)
START, END, SENT, RECEIVED = 1, 2, 3, 4


def traced(weir, scenario, directory, arguments=()):
    return weir.run(scenario, directory, ["--trace", "pag", *arguments])


def analyze(weir, path, arguments=()):
    command = [str(weir.program), "analyze", str(path), "--json", *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def exact(weir, run, from_s=FROM_S, to_s=TO_S, arguments=()):
    begin = ["--from", from_s] if from_s > 0 else []
    return analyze(weir, run.directory, [*begin, "--to", to_s, *arguments])


def as_published(weir, run, from_s=FROM_S, to_s=TO_S):
    log = run.directory / "snailtrail.log"
    if not log.exists() or log.stat().st_mtime < (run.directory / "run.h5").stat().st_mtime:
        log.write_bytes(event_log(run))
    report = analyze(weir, log, ["--from", from_s, "--to", to_s, "--no-insert-waiting"])
    workers, operators = names(run, "pag_workers", "worker_id"), names(run, "operators", "operator_id")
    for row in report["straggler"]:
        row["worker"] = workers[row["worker"]]
    for row in report["operator"]:
        row["operator"] = operators[row["operator"]]
    for row in report["communication"]:
        row["from"], row["to"] = workers[row["from"]], workers[row["to"]]
    for row in report["colocation"]:
        row["workers"] = [workers[worker] for worker in row["workers"]]
    return report


def names(run, table, key):
    rows = run.table(table)
    return {str(number): name.decode() for number, name in zip(rows[key], rows["name"])}


def event_log(run: Run):
    """SnailTrail's log of a run: seven integers a record in MessagePack (its logformat/)."""
    edges, blocks = run.table("pag_edges"), run.table("pag_blocks")
    gap, duration, peer, operator, activity = (
        edges[c].tolist() for c in ("gap_ns", "duration_ns", "peer", "operator_id", "activity"))
    records = []  # time, its place among those of one instant, worker, activity, event, correlator, remote, operator
    for worker, first, count, position in zip(*(blocks[c].tolist() for c in (
            "worker_id", "first_row", "rows", "position_ns"))):
        for row in range(first, first + count):
            at = position + gap[row]
            what = activity[row]
            if peer[row] < 0:
                position = at + duration[row]
                if what in LOGGED:
                    records.append((at, 1, worker, what, START, -1, -1, operator[row]))
                    records.append((position, 0, worker, what, END, -1, -1, operator[row]))
            elif what in LOGGED:
                records.append((at, 2, worker, what, RECEIVED, row, peer[row], operator[row]))
                records.append((at - duration[row], 3, peer[row], what, SENT, row, worker, operator[row]))
    records.sort()
    return b"".join(b"".join(map(packed, (r[0], *r[2:]))) for r in records)


def packed(number):
    if number == -1:
        return b"\xff"
    if number < 128:
        return bytes([number])
    return b"\xce" + struct.pack(">I", number) if number < 1 << 32 else b"\xcf" + struct.pack(">Q", number)


def by(report, summary, key):
    """{name: row} of a summary."""
    return {row[key]: row for row in report[summary]}
