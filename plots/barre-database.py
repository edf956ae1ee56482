#!/usr/bin/env python3
"""BARRE's data base: index points, the time to find them and to look one up, against the number of applications."""

import json
import subprocess

import _runs

SCENARIO = "papers/barre/evaluation"
APPLICATIONS = tuple(range(2, 13))
TOLERANCE = 0.02


def plan(arguments, applications, seed):
    words = ["plan", SCENARIO, "--search", "midpoint", "--tolerance", arguments.tolerance, "--time", "--json",
             "--set", f"jobs[0].workload.applications={applications}", "--set", "jobs[0].workload.bursting=0",
             "--set", f"jobs[0].workload.structure_seed={seed}", "--set", f"jobs[0].placement.seed={seed}"]
    done = subprocess.run([arguments.weir, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    report = json.loads(done.stdout)
    return {"index_points": len(report["index_points"]), "linear_programs": report["linear_programs"], "creation_s": report["search_s"], "search_ms": 1e3 * report["look_up_s"]}


def draw(output, table):
    import _style as style

    fig, axes = style.figure(1, 3, width_in=style.PAGE_IN, height_in=2.1)
    counts = sorted(table)
    for place, measure, label, axis in ((axes[0], "index_points", "index points", (2, 12)), (axes[1], "creation_s", "creation (s)", (0, 1.8)),
                                        (axes[2], "search_ms", "look-up (ms)", (0.5, 2))):
        points = [table[n][measure] for n in counts]
        place.errorbar(counts, [p[0] for p in points], yerr=[p[1] for p in points], color=style.BLUE, marker="o", markersize=3, capsize=1.5,
                       label="weir", **style.PREDICTED)
        place.fill_between(counts, *axis, color="0.9", zorder=0, label="published axis")
        place.set(xlabel="applications", ylabel=label, xticks=range(2, 13, 2))
    axes[1].set_yscale("log"), axes[2].set_yscale("log")
    axes[0].legend(loc="upper left")
    style.save(fig, output, "barre-database")


def main():
    arguments = _runs.figure_arguments("barre-database", __doc__, repetitions=(5, "networks of each size, 2 or more"),
                                       largest=(12, "number of applications"),
                                       tolerance=(TOLERANCE, "of the search, as a part of the greatest rate"))
    if not 0 < arguments.tolerance <= 1:
        raise _runs.WrongInput("the tolerance is a part of the greatest rate: more than 0, 1 at most")
    if arguments.repetitions < 2 or not 2 <= arguments.largest <= 12:
        raise _runs.WrongInput("2 repetitions or more, of 2 to 12 applications")
    table, rows = {}, [["published", row["kind"], row["applications"], row["measure"], row["value"], ""] for row in _runs.published("barre-database")]
    for applications in (n for n in APPLICATIONS if n <= arguments.largest):
        of = [plan(arguments, applications, seed) for seed in range(1, arguments.repetitions + 1)]
        table[applications] = {m: _runs.interval([o[m] for o in of]) for m in of[0]}
        for measure, (mean, half) in table[applications].items():
            kind = "chosen" if measure in ("index_points", "linear_programs") else "measured"  # chosen: with the tolerance
            rows.append(["weir", kind, applications, measure, f"{mean:.6g}", f"{half:.3g}"])
    _runs.write_csv(arguments.output / "barre-database.csv", ["source", "kind", "applications", "measure", "value", "half_of_95_percent_interval"], rows)
    draw(arguments.output, table)
    for n, of in table.items():
        cells = (f"{of[measure][0]:.1f} ± {of[measure][1]:.1f}" for measure in ("index_points", "linear_programs"))
        print(f"| {n} applications | {' | '.join(cells)} |")
    least, most = min(table), max(table)
    print(f"creation {1e3 * table[least]['creation_s'][0]:.2g} to {1e3 * table[most]['creation_s'][0]:.2g} ms, a look-up "
          f"{1e3 * table[least]['search_ms'][0]:.2g} to {1e3 * table[most]['search_ms'][0]:.2g} us, on this machine")


if __name__ == "__main__":
    _runs.main(main)
