#!/usr/bin/env python3
"""SnailTrail (NSDI 2018), Fig. 8: scheduling in micro-batches, which a profile does not show."""

import _runs
import _snailtrail as trail

SCENARIO, SNAPSHOT_S, SNAPSHOTS = "fig8-micro-batch", 8, 16
STEADY = range(5, 15)
ACTIVITIES, METHODS = ("scheduling", "processing"), {"cp": "critical participation", "conventional": "conventional"}


def draw(arguments, points, ours):
    import _style as style

    fig, axes = style.figure(2, 1, height_in=3.2, sharex=True)
    looks = {"cp": dict(color=style.VERMILLION, linestyle="-"), "conventional": dict(color=style.BLUE, linestyle=(0, (4, 1.5)))}
    marks = {"cp": "o", "conventional": "s"}
    for ax, activity in zip(axes, ACTIVITIES):
        for method, title in METHODS.items():
            ax.plot(range(SNAPSHOTS), ours[activity, method], label=f"weir, {title}", **looks[method])
            known = [float(p["value"]) for p in points if (p["activity"], p["method"]) == (activity, method)]
            ax.plot(range(SNAPSHOTS), known, label=f"published, {title}",
                    **dict(style.PUBLISHED, marker=marks[method], markeredgecolor=looks[method]["color"]))
        ax.set(ylabel=activity, ylim=(0, 0.9))
        said = "critical participation: calibrated" if activity == "scheduling" else "predicted"
        ax.text(0.5, 0.97, f"{said}{'; conventional: predicted' if activity == 'scheduling' else ''}",
                transform=ax.transAxes, ha="center", va="top", fontsize=6)
    axes[1].set(xlabel="snapshot of 8 s")
    style.shared_legend(fig, axes[0], 2, 0.36, below=False)
    style.save(fig, arguments.output, "snailtrail-fig8")


def main():
    arguments = _runs.figure_arguments("snailtrail-fig8", __doc__)
    weir = _runs.Weir(arguments.weir)
    points = _runs.published("snailtrail-fig8")
    run = trail.traced(weir, f"papers/snailtrail/{SCENARIO}", arguments.output / "runs" / SCENARIO)
    ours = {(a, m): [] for a in ACTIVITIES for m in METHODS}
    working = []
    for snapshot in range(SNAPSHOTS):
        report = trail.exact(weir, run, snapshot * SNAPSHOT_S, (snapshot + 1) * SNAPSHOT_S, ["--window", SNAPSHOT_S])
        activities = trail.by(report, "activity", "activity")
        for (activity, method), values in ours.items():
            values.append(activities.get(activity, {}).get(method, 0.0))
        working.append(sum(r["conventional"] for a, r in activities.items() if a not in ("waiting", "blocked")))
    rows = [["published", "", p["snapshot"], p["activity"], p["method"], p["value"]] for p in points]
    for (activity, method), values in ours.items():
        kind = "calibrated" if (activity, method) == ("scheduling", "cp") else "predicted"
        rows += [["weir", kind, s, activity, method, f"{v:.5f}"] for s, v in enumerate(values)]
    _runs.write_csv(arguments.output / "snailtrail-fig8.csv", ["source", "kind", "snapshot", "activity", "method", "value"], rows)
    draw(arguments, points, ours)
    for (activity, method), values in ours.items():
        known = [float(p["value"]) for p in points if (p["activity"], p["method"]) == (activity, method)]
        mean, theirs = (sum(v[s] for s in STEADY) / len(STEADY) for v in (values, known))
        print(f"{activity}, {method}: {min(values[s] for s in STEADY):.3f} to {max(values[s] for s in STEADY):.3f}, mean {mean:.3f}"
              f" (published {min(known[s] for s in STEADY):.3f} to {max(known[s] for s in STEADY):.3f}, mean {theirs:.3f})")
    without = [ours["scheduling", "conventional"][s] / working[s] for s in STEADY]
    print(f"scheduling in a profile that leaves waiting out: mean {sum(without) / len(without):.3f}")


if __name__ == "__main__":
    _runs.main(main)
