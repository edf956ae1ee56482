#!/usr/bin/env python3
"""The one critical path through a traced run, or any trace that weir analyze reads: who was on it, with what, and when.

    weir figure critical-path -o DIR -- RUN [further arguments of weir analyze]
"""

import argparse
import collections
import csv
import pathlib
import subprocess
import sys

import _runs
import _style

ROWS_MAX = 24
BINS = 60
COLOURS = {
    "processing": _style.BLUE, "serialization": _style.SKY, "deserialization": "#8FC9EE", "input": _style.GREEN,
    "scheduling": _style.PURPLE, "buffer": _style.YELLOW, "barrier": "#7F7F7F", "fault-tolerance": _style.VERMILLION,
    "data-message": _style.ORANGE, "control-message": "#8C6D31", "unknown": "#BBBBBB", "busy-waiting": "#DDDDDD",
    "waiting": "#EEEEEE", "blocked": "#EEEEEE"}
ORDER = list(COLOURS)


def path_of(program, trace, arguments):
    command = [program, "analyze", trace, "--critical-path", "--csv", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        sys.exit(2 if done.returncode == 2 else 1)
    pieces = [(float(r["begin_s"]), float(r["end_s"]), r["worker"], r["to"], r["activity"], r["operator"])
              for r in csv.DictReader(done.stdout.splitlines())]
    if not pieces:
        raise _runs.WrongInput(f"{trace}: there is no critical path: nobody ever did anything but wait")
    return pieces


def lanes_of(pieces):
    """The workers that are on the path for longest, named so that one operator's stand together."""
    time_s = collections.Counter()
    for begin, end, worker, to, _, _ in pieces:
        time_s[worker] += 0 if to else end - begin
    lanes = sorted(worker for worker, _ in time_s.most_common(ROWS_MAX))
    return {worker: row for row, worker in enumerate(lanes)}, len(time_s) - len(lanes)


def shares_over_time(pieces, begin, end):
    """For each activity, its share of the path in each of BINS equal parts."""
    width = (end - begin) / BINS
    shares = {}
    for piece_begin, piece_end, _, _, activity, _ in pieces:
        first = min(BINS - 1, int((piece_begin - begin) / width))
        last = min(BINS - 1, int((piece_end - begin) / width))
        for b in range(first, last + 1):
            part = min(piece_end, begin + (b + 1) * width) - max(piece_begin, begin + b * width)
            if part > 0:
                shares.setdefault(activity, [0.0] * BINS)[b] += part / width
    return shares


def draw_lanes(ax, pieces, lanes):
    from matplotlib.collections import LineCollection

    bars = collections.defaultdict(list)
    hops = collections.defaultdict(list)
    for begin, end, worker, to, activity, _ in pieces:
        if to:
            if worker in lanes and to in lanes:
                hops[activity].append([(begin, lanes[worker]), (end, lanes[to])])
        elif worker in lanes:
            bars[(lanes[worker], activity)].append((begin, end - begin))
    for activity, lines in hops.items():
        many = len(lines) > 400
        ax.add_collection(LineCollection(lines, colors=COLOURS.get(activity, "#BBBBBB"),
                                         linewidths=0.2 if many else 0.8, alpha=0.35 if many else 0.9, zorder=1))
    for (row, activity), spans in bars.items():
        ax.broken_barh(spans, (row - 0.36, 0.72), facecolor=COLOURS.get(activity, "#BBBBBB"), linewidth=0, zorder=2)
    ax.set_ylim(len(lanes) - 0.4, -0.6)
    ax.set_yticks(list(lanes.values()), list(lanes))
    ax.tick_params(axis="y", length=0)
    for row in lanes.values():
        ax.axhline(row, color="#DDDDDD", linewidth=0.4, zorder=0)


def main():
    parser = argparse.ArgumentParser(prog="weir figure critical-path --", description=__doc__.splitlines()[0])
    parser.add_argument("--weir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--output", required=True, type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("trace", nargs="?", help="a traced run (weir run … --trace pag), or another trace")
    arguments, more = parser.parse_known_args()
    if not arguments.trace:
        raise _runs.WrongInput("which trace? weir figure critical-path -- out/traced")
    arguments.output.mkdir(parents=True, exist_ok=True)
    pieces = path_of(arguments.weir, arguments.trace, more)
    begin, end = pieces[0][0], pieces[-1][1]
    lanes, left_out = lanes_of(pieces)
    shares = shares_over_time(pieces, begin, end)

    height_in = 1.6 + 0.17 * len(lanes)
    fig, (top, bottom) = _style.figure(2, 1, width_in=_style.PAGE_IN, height_in=height_in, sharex=True,
                                       gridspec_kw={"height_ratios": [0.17 * len(lanes) + 0.3, 0.8]})
    draw_lanes(top, pieces, lanes)
    top.set_title(f"who is on the critical path ({len(pieces):,} pieces"
                  + (f"; {left_out} more workers for less" if left_out else "") + ")", loc="left")
    activities = [a for a in ORDER if a in shares]
    edges = [begin + (end - begin) * b / BINS for b in range(BINS + 1)]
    levels = [0.0] * BINS
    for activity in activities:
        upper = [low + part for low, part in zip(levels, shares[activity])]
        bottom.stairs(upper, edges, baseline=levels, fill=True, color=COLOURS[activity], label=activity)
        levels = upper
    bottom.set_ylim(0, 1)
    bottom.set_xlim(begin, end)
    bottom.set_xlabel("time (s)")
    bottom.set_ylabel("share")
    bottom.legend(loc="upper center", bbox_to_anchor=(0.5, -0.62), ncol=min(6, len(activities)))
    _style.save(fig, arguments.output, "critical-path")
    _runs.write_csv(arguments.output / "critical-path.csv", ["begin_s", "end_s", "worker", "to", "activity", "operator"],
                    pieces)


if __name__ == "__main__":
    _runs.main(main)
