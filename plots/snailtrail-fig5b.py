#!/usr/bin/env python3
"""SnailTrail (NSDI 2018), Fig. 5b: a straggler among four workers."""

import _runs
import _snailtrail as trail

SCENARIO = "fig5b-straggler"


def draw(arguments, points, ours):
    import _style as style

    fig, axes = style.figure(1, 2, height_in=2.1)
    for ax, (view, title) in zip(axes, (("exact", "weir's exact graph\n(predicted)"), ("as published", "as SnailTrail's log\nshows it (predicted)"))):
        workers = ours[view]
        ax.bar(range(4), [row["cp"] for _, row in workers], 0.7, edgecolor="black", linewidth=0.5,
               color=[style.VERMILLION] + [style.SKY] * 3)
        ax.plot(range(4), [row["conventional"] for _, row in workers], linestyle="none", marker="_", markersize=12,
                color=style.BLACK, label="conventional")
        ax.plot(range(4), [float(p["value"]) for p in points], label="published", **style.PUBLISHED)
        ax.set_xticks(range(4), [name.replace("count", "")[1:-1] + ("\nslow" if i == 0 else "") for i, (name, _) in enumerate(workers)])
        ax.set(title=title, xlabel="instance of Count")
    axes[0].set_ylabel("critical participation")
    axes[0].legend(loc="upper right")
    style.save(fig, arguments.output, "snailtrail-fig5b")


def main():
    arguments = _runs.figure_arguments("snailtrail-fig5b", __doc__)
    weir = _runs.Weir(arguments.weir)
    points = _runs.published("snailtrail-fig5b")
    run = trail.traced(weir, f"papers/snailtrail/{SCENARIO}", arguments.output / "runs" / SCENARIO)
    ours = {}
    for view, report in (("exact", trail.exact(weir, run)), ("as published", trail.as_published(weir, run))):
        counts = [(n, r) for n, r in trail.by(report, "straggler", "worker").items() if n.startswith("count[")]
        ours[view] = sorted(counts, key=lambda item: -item[1]["cp"])
    rows = [["published", "", "", p["worker"], "cp", p["value"]] for p in points]
    for view, workers in ours.items():
        for worker, row in workers:
            rows += [["weir", "predicted", view, worker, m, f"{row[m]:.5f}"] for m in ("cp", "conventional")]
    _runs.write_csv(arguments.output / "snailtrail-fig5b.csv", ["source", "kind", "view", "worker", "method", "value"], rows)
    draw(arguments, points, ours)
    for view, workers in ours.items():
        (first, top), (second, next_one), *_ = workers
        alone = next_one["cp"] < 1e-6 * top["cp"]
        ratio = "the others take no part" if alone else f"{top['cp'] / next_one['cp']:.3g} times"
        print(f"{view}: {first} {top['cp']:.3f}, then {second} {next_one['cp']:.3g}: {ratio} (published 0.135 and"
              f" 0.047, 2.9 times); conventional {top['conventional']:.3f} and {next_one['conventional']:.3f}")


if __name__ == "__main__":
    _runs.main(main)
