#!/usr/bin/env python3
"""What is critical in any trace, beside what a profile and a single path say: -- --trace out/traced."""

import _runs
import _snailtrail as trail

SUMMARIES = {"activity": "activity", "straggler": "worker", "operator": "operator"}
TITLES = {"activity": "what is done", "straggler": "by whom", "operator": "for which operator\n(mean of its workers)"}
METHODS = {"cp": "critical participation", "conventional": "conventional profile", "single_path": "single path"}


def draw(arguments, report, shown):
    import _style as style

    longest = max(len(rows) for rows in shown.values())
    fig, axes = style.figure(1, 3, width_in=style.PAGE_IN, height_in=0.9 + 0.33 * longest)
    looks = (dict(color=style.VERMILLION), dict(color=style.SKY, hatch="///"), dict(color="white", hatch="..."))
    for ax, (summary, key) in zip(axes, SUMMARIES.items()):
        rows = shown[summary]
        for m, (method, title) in enumerate(METHODS.items()):
            at = [i + 0.27 * (m - 1) for i in range(len(rows))]
            ax.barh(at, [100 * row[method] for row in rows], 0.25, edgecolor="black", linewidth=0.4, label=title, **looks[m])
        ax.set_yticks(range(len(rows)), [row[key] for row in rows])
        ax.set_ylim(longest - 0.5, -0.5)
        ax.set(title=TITLES[summary], xlabel="% of all paths, or of all time")
    style.shared_legend(fig, axes[0], 3, 0.22)
    style.save(fig, arguments.output, "critical-participation")


def main():
    arguments = _runs.figure_arguments(
        "critical-participation", __doc__, trace=("", "a traced run, or a log (docs/analyze.md)"),
        window=(1.0, "seconds in a window"), rows=(12, "the most critical so many of each kind"))
    if not arguments.trace:
        raise _runs.WrongInput("which trace? weir figure critical-participation -- --trace out/traced")
    report = trail.analyze(_runs.Weir(arguments.weir), arguments.trace, ["--window", arguments.window])
    if not report["activity"]:
        raise _runs.WrongInput(f"{arguments.trace}: no window has a path")
    ranked = {s: sorted(report[s], key=lambda row: -row["cp"]) for s in SUMMARIES}
    data = [[s, row[key], *(row[m] for m in METHODS)] for s, key in SUMMARIES.items() for row in ranked[s]]
    _runs.write_csv(arguments.output / "critical-participation.csv", ["summary", "name", *METHODS], data)
    draw(arguments, report, {s: rows[:arguments.rows] for s, rows in ranked.items()})


if __name__ == "__main__":
    _runs.main(main)
