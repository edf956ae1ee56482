#!/usr/bin/env python3
"""The feasible region of two applications on shared nodes, index points of both searches and a look-up (BARRE's worked example)."""

import json
import subprocess

import _runs

SCENARIO = "papers/barre/worked-example"
SEARCHES = {"exact": "exact", "midpoint": "published"}


def plan(weir, words):
    command = [weir, "plan", *words, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise _runs.WrongInput(done.stderr.strip())
    report = json.loads(done.stdout)
    if len(report["applications"]) != 2:
        raise _runs.WrongInput(f"a region is drawn of two applications, not of {len(report['applications'])}")
    return report


def pair(report, rates):
    return [rates[name] for name in report["applications"]]


def rows_of(name, report):
    for corner in report["region"]:
        yield ["weir", name, "region", *corner]
    for point in report["index_points"]:
        yield ["weir", name, "index point", *pair(report, point["rates_per_s"])]
    yield ["weir", name, "look-up", *pair(report, report["look_up"]["at_per_s"])]
    yield ["weir", name, "planned for", *pair(report, report["look_up"]["planned_for_per_s"])]


def draw(output, reports):
    import _style as style

    looks = {"exact": (style.BLUE, "o"), "published": (style.VERMILLION, "s")}
    first = next(iter(reports.values()))
    fig, axes = style.figure(height_in=2.7)
    region = first["region"] + first["region"][:1]
    axes.fill(*zip(*region), color="0.93", zorder=0)
    axes.plot(*zip(*region), color="black", linewidth=0.9, label="feasible region")
    for name, report in reports.items():
        colour, marker = looks[name]
        points = sorted(pair(report, point["rates_per_s"]) for point in report["index_points"])
        axes.plot(*zip(*points), color=colour, marker=marker, markersize=5, markerfacecolor="none", linewidth=1,
                  linestyle="--", label=f"index points, {name} search", zorder=3)
    at, to = (pair(first, first["look_up"][key]) for key in ("at_per_s", "planned_for_per_s"))
    axes.plot(*at, color=style.GREEN, marker="D", markersize=4, linestyle="none", label="looked up")
    axes.annotate("", xy=to, xytext=at, arrowprops=dict(arrowstyle="->", color=style.GREEN, linewidth=1.1))
    axes.set(xlabel=f"{first['applications'][0]} (records/s)", ylabel=f"{first['applications'][1]} (records/s)",
             xlim=(0, 1.12 * max(x for x, _ in region)), ylim=(0, 1.12 * max(y for _, y in region)))
    style.shared_legend(fig, axes, 2, 0.42)
    style.save(fig, output, "plan-region")


def main():
    arguments = _runs.figure_arguments("plan-region", __doc__, runs="a scenario and options of `weir plan`")
    words = arguments.runs or [SCENARIO]
    if any(word == "--search" or word.startswith("--search=") for word in words):
        asked = plan(arguments.weir, words)
        reports = {SEARCHES[asked["search"]]: asked}
    else:
        reports = {name: plan(arguments.weir, [*words, "--search", search]) for search, name in SEARCHES.items()}
    _runs.write_csv(arguments.output / "plan-region.csv", ["source", "search", "what", "x_per_s", "y_per_s"],
                    [row for name, report in reports.items() for row in rows_of(name, report)])
    draw(arguments.output, reports)


if __name__ == "__main__":
    _runs.main(main)
