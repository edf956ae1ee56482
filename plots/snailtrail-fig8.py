#!/usr/bin/env python3
"""SnailTrail (NSDI 2018), Fig. 8: scheduling in micro-batches, which a profile does not show."""

import _runs
import _snailtrail as trail

SNAPSHOT_S, SNAPSHOTS = 8, 16
# Workers of the trace by threads: on the engine spark a core is a thread, and an instance of either operator on it a worker.
SCENARIOS = {"fig8-spark": (2 * 16 + 1 + 2) / (16 + 1 + 2), "fig8-micro-batch": 1}
NAMES = {"fig8-spark": "engine spark", "fig8-micro-batch": "driver and workers"}
FITTED = {("fig8-spark", "scheduling", "cp"), ("fig8-spark", "processing", "conventional"), ("fig8-micro-batch", "scheduling", "cp")}
STEADY = range(5, 15)
ACTIVITIES, METHODS = ("scheduling", "processing"), {"cp": "critical participation", "conventional": "conventional"}


def draw(arguments, points, ours):
    import _style as style

    fig, axes = style.figure(len(ACTIVITIES), len(METHODS), width_in=style.PAGE_IN, height_in=3.4, sharex=True)
    colors = {"fig8-spark": style.VERMILLION, "fig8-micro-batch": style.BLUE}
    for row, activity in zip(axes, ACTIVITIES):
        for ax, (method, title) in zip(row, METHODS.items()):
            for scenario, name in NAMES.items():
                look = style.CALIBRATED if (scenario, activity, method) in FITTED else style.PREDICTED
                ax.plot(range(SNAPSHOTS), ours[scenario, activity, method], label=f"weir, {name}", color=colors[scenario], **look)
            known = [float(p["value"]) for p in points if (p["activity"], p["method"]) == (activity, method)]
            ax.plot(range(SNAPSHOTS), known, label="published", **style.PUBLISHED)
            ax.set(ylabel=activity, ylim=(0, 0.9))
            ax.text(0.5, 0.97, title, transform=ax.transAxes, ha="center", va="top", fontsize=7)
    for ax in axes[-1]:
        ax.set(xlabel="snapshot of 8 s (solid: fitted)")
    style.shared_legend(fig, axes[0][1], 3, 0.22, below=False)
    style.save(fig, arguments.output, "snailtrail-fig8")


def measured(weir, output, scenario):
    """By activity and method, a value for each snapshot; and the share of workers' time that is not waiting."""
    run = trail.traced(weir, f"papers/snailtrail/{scenario}", output / "runs" / scenario)
    values, working = {(a, m): [] for a in ACTIVITIES for m in METHODS}, []
    for snapshot in range(SNAPSHOTS):
        report = trail.exact(weir, run, snapshot * SNAPSHOT_S, (snapshot + 1) * SNAPSHOT_S, ["--window", SNAPSHOT_S])
        activities = trail.by(report, "activity", "activity")
        for (activity, method), of in values.items():
            factor = SCENARIOS[scenario] if method == "conventional" else 1
            of.append(factor * activities.get(activity, {}).get(method, 0.0))
        # An operator whose thread works for another one is busy waiting: that time is the other one's work.
        idle = ("waiting", "blocked", "busy-waiting")
        working.append(SCENARIOS[scenario] * sum(r["conventional"] for a, r in activities.items() if a not in idle))
    return values, working


def main():
    arguments = _runs.figure_arguments("snailtrail-fig8", __doc__)
    weir, points = _runs.Weir(arguments.weir), _runs.published("snailtrail-fig8")
    ours, working = {}, {}
    for scenario in SCENARIOS:
        values, working[scenario] = measured(weir, arguments.output, scenario)
        ours |= {(scenario, *key): of for key, of in values.items()}
    rows = [["published", "", "", p["snapshot"], p["activity"], p["method"], p["value"]] for p in points]
    for key, values in ours.items():
        kind = "calibrated" if key in FITTED else "predicted"
        rows += [["weir", kind, key[0], s, *key[1:], f"{v:.5f}"] for s, v in enumerate(values)]
    _runs.write_csv(arguments.output / "snailtrail-fig8.csv", ["source", "kind", "scenario", "snapshot", "activity", "method", "value"], rows)
    draw(arguments, points, ours)
    print("| | published | engine spark | driver and workers |")
    print("|---|--:|--:|--:|")
    spread = lambda v: f"{sum(v[s] for s in STEADY) / len(STEADY):.3f} ({min(v[s] for s in STEADY):.3f} to {max(v[s] for s in STEADY):.3f})"
    for activity in ACTIVITIES:
        for method, title in (("cp", "critical"), ("conventional", "conventional")):
            known = [float(p["value"]) for p in points if (p["activity"], p["method"]) == (activity, method)]
            cells = [spread(ours[s, activity, method]) + (", calibrated" if (s, activity, method) in FITTED else "") for s in SCENARIOS]
            print(f"| {activity}, {title} | {spread(known)} | {' | '.join(cells)} |")
    for scenario, name in NAMES.items():
        values = ours[scenario, "scheduling", "conventional"]
        without = [values[s] / working[scenario][s] for s in STEADY]
        print(f"{name}: scheduling in a profile that leaves waiting out: mean {sum(without) / len(without):.3f}")


if __name__ == "__main__":
    _runs.main(main)
