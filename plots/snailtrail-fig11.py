#!/usr/bin/env python3
"""SnailTrail (NSDI 2018), Figs. 11 and 5c: which operator of a word count is critical, and what a profile says."""

import _runs
import _snailtrail as trail

CASES = {"4-2-4": "fig11-4-2-4", "1-2-4": "fig11-1-2-4", "4-4-4": "fig11-4-4-4", "1-4-4": "fig5c-operators"}
OPERATORS = {"flatmap": "FlatMap", "count": "Count"}


def value(rows, case, operator, method):
    found = [float(r["value"]) for r in rows if (r["case"], r["operator"], r["method"]) == (case, operator, method)]
    return found[0] if found else None


def draw(arguments, points, ours):
    import _style as style

    fig, axes = style.figure(1, 3, width_in=style.PAGE_IN, height_in=2.3)
    panels = [("as published", "cp", "critical participation as SnailTrail's\nlog shows it (1-4-4 predicted, else calibrated)"),
              ("as published", "conventional", "conventional profile\nof the same log (calibrated)"),
              ("exact", "cp", "critical participation\nin weir's exact graph (predicted)")]
    for ax, (view, method, title) in zip(axes, panels):
        for o, (operator, name) in enumerate(OPERATORS.items()):
            at = [c + 0.36 * (o - 0.5) for c in range(len(CASES))]
            heights = [ours[view][case][operator][method] for case in CASES]
            ax.bar(at, heights, 0.34, color=(style.ORANGE, style.SKY)[o], edgecolor="black", linewidth=0.5,
                   hatch=("", "///")[o], label=f"weir: {name}")
            if view == "exact":
                continue
            known = [(x, value(points, case, operator, method)) for x, case in zip(at, CASES)]
            ax.plot(*zip(*[k for k in known if k[1] is not None]), label="published" if o == 0 else None, **style.PUBLISHED)
        ax.set_xticks(range(len(CASES)), [c if c != "1-4-4" else "1-4-4\n(Fig. 5c)" for c in CASES])
        ax.set(title=title, xlabel="sources - FlatMaps - Counts")
        ax.set_ylim(0, 1.15 * ax.get_ylim()[1])
    axes[0].set_ylabel("share, mean of workers")
    axes[0].legend(loc="upper right")
    axes[2].text(0.5, 0.92, "Count: 0.000 everywhere", transform=axes[2].transAxes, ha="center", fontsize=6.5)
    style.save(fig, arguments.output, "snailtrail-fig11")


def main():
    arguments = _runs.figure_arguments("snailtrail-fig11", __doc__)
    weir = _runs.Weir(arguments.weir)
    points = _runs.published("snailtrail-fig11")
    ours = {"as published": {}, "exact": {}}
    for case, scenario in CASES.items():
        run = trail.traced(weir, f"papers/snailtrail/{scenario}", arguments.output / "runs" / scenario)
        ours["as published"][case] = trail.by(trail.as_published(weir, run), "operator", "operator")
        ours["exact"][case] = trail.by(trail.exact(weir, run), "operator", "operator")
    rows = [["published", "", "", r["case"], r["operator"], r["method"], r["value"]] for r in points]
    for view, cases in ours.items():
        for case, operators in cases.items():
            for operator in OPERATORS:
                for method in ("cp", "conventional"):
                    fitted = view == "as published" and case != "1-4-4"
                    rows.append(["weir", "calibrated" if fitted else "predicted", view, case, operator, method,
                                 f"{operators[operator][method]:.5f}"])
    _runs.write_csv(arguments.output / "snailtrail-fig11.csv",
                    ["source", "kind", "view", "case", "operator", "method", "value"], rows)
    draw(arguments, points, ours)
    for case in CASES:
        for method in ("cp", "conventional"):
            both = [value(points, case, o, method) for o in OPERATORS]
            if None in both:
                continue
            mine = [ours["as published"][case][o][method] for o in OPERATORS]
            print(f"{case} {method}: FlatMap {mine[0]:.4f} ({both[0]:g}), Count {mine[1]:.4f} ({both[1]:g}),"
                  f" ratio {mine[0] / mine[1]:.2f} ({both[0] / both[1]:.2f})")


if __name__ == "__main__":
    _runs.main(main)
