#!/usr/bin/env python3
"""SnailTrail (NSDI 2018), Fig. 10: skew. Critical participation names the straggler, a profile does not."""

import _runs
import _snailtrail as trail

SKEWS = (30, 50, 80)
SHOWN = ("flatmap", "count")  # eight workers, as in the paper


def shown(report):
    workers = {n: r for n, r in trail.by(report, "straggler", "worker").items() if n.split("[")[0] in SHOWN}
    return sorted(workers.items(), key=lambda item: -item[1]["cp"])


def draw(arguments, points, ours):
    import _style as style

    fig, axes = style.figure(1, 3, width_in=style.PAGE_IN, height_in=2.5, sharex=True)
    for ax, skew in zip(axes, SKEWS):
        known = {(p["who"], p["method"]): float(p["value"]) for p in points if int(p["skew_percent"]) == skew}
        workers = ours["as published"][skew]
        at = range(len(workers))
        ax.axvspan(known["least", "cp"], known["most", "cp"], color="0.9", linewidth=0, label="published, the other seven")
        ax.barh(list(at), [row["cp"] for _, row in workers], 0.6, edgecolor="black", linewidth=0.5,
                color=[style.VERMILLION] + [style.SKY] * (len(workers) - 1), label="weir, critical participation (calibrated)")
        ax.plot([row["conventional"] for _, row in workers], list(at), linestyle="none", marker="|", color=style.BLACK,
                markersize=8, label="weir, conventional (predicted)")
        ax.plot([known["straggler", "cp"]], [0], label="published, straggler", **style.PUBLISHED)
        ax.set_yticks(list(at), [name for name, _ in workers])
        ax.invert_yaxis()
        ax.set(title=f"{skew} % of the words alike", xlabel="share")
    axes[0].set_xlim(0, 0.25)
    style.shared_legend(fig, axes[0], 4, 0.22)
    style.save(fig, arguments.output, "snailtrail-fig10")


def main():
    arguments = _runs.figure_arguments("snailtrail-fig10", __doc__)
    weir = _runs.Weir(arguments.weir)
    points = _runs.published("snailtrail-fig10")
    ours = {"as published": {}, "exact": {}}
    for skew in SKEWS:
        name = f"fig10-skew-{skew}"
        run = trail.traced(weir, f"papers/snailtrail/{name}", arguments.output / "runs" / name)
        ours["as published"][skew] = shown(trail.as_published(weir, run))
        ours["exact"][skew] = shown(trail.exact(weir, run))
    rows = [["published", "", "", p["skew_percent"], p["who"], p["method"], p["value"]] for p in points]
    for view, skews in ours.items():
        for skew, workers in skews.items():
            for worker, row in workers:
                for method in ("cp", "conventional"):
                    kind = "calibrated" if view == "as published" and method == "cp" else "predicted"
                    rows.append(["weir", kind, view, skew, worker, method, f"{row[method]:.5f}"])
    _runs.write_csv(arguments.output / "snailtrail-fig10.csv",
                    ["source", "kind", "view", "skew_percent", "who", "method", "value"], rows)
    draw(arguments, points, ours)
    for skew in SKEWS:
        known = {p["who"]: float(p["value"]) for p in points if int(p["skew_percent"]) == skew and p["method"] == "cp"}
        for view in ours:
            (first, top), *others = ours[view][skew]
            print(f"{skew} %, {view}: {first} {top['cp']:.3f} ({known['straggler']:g}), others"
                  f" {others[-1][1]['cp']:.3f} to {others[0][1]['cp']:.3f} ({known['least']:g} to {known['most']:g}),"
                  f" conventional {top['conventional']:.3f} for all")


if __name__ == "__main__":
    _runs.main(main)
