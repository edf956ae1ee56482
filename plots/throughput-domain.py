#!/usr/bin/env python3
"""Which of Spark (sockets, files, Kafka) and HarmonicIO sustains the highest frequency, by message size and CPU cost."""

import math
from concurrent.futures import ThreadPoolExecutor

import _runs
import _throughput as throughput

SIZES = (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000)  # bytes
COSTS = (0, 0.02, 0.1, 0.2, 0.5, 1)  # s
SYSTEMS = {"spark-tcp": "Spark, TCP", "spark-file": "Spark, files", "spark-kafka": "Spark, Kafka", "harmonicio": "HarmonicIO"}
LETTERS = {"spark-tcp": "T", "spark-file": "F", "spark-kafka": "K", "harmonicio": "H"}
WITHIN = 1.01  # of each other are the highest frequency that HarmonicIO sustained and the lowest that it did not
TIE = 0.95  # of the best: as good as it
NAMES = {100: "100 B", 1000: "1 kB", 10_000: "10 kB", 100_000: "100 kB", 1_000_000: "1 MB", 10_000_000: "10 MB", 50_000_000: "50 MB"}


def run_s(per_s):
    """An even number of seconds, so that 1 % of what comes in the second half is some messages."""
    return 2 * math.ceil(max(30, 600 / per_s))


def sustained(run, per_s):
    """Whether what waits outside and at the master grows no more, in the second half, than messages come in 1 % of it."""
    windows = run.table("operator_windows")
    waits = {}
    for end, queue, backlog in zip(windows["end_s"], windows["queue_records"], windows["backlog_records"]):
        waits[round(float(end), 6)] = waits.get(round(float(end), 6), 0.0) + sum(float(v) for v in (queue, backlog) if v == v)
    half_s = run_s(per_s) / 2
    return waits[2 * half_s] - waits[half_s] <= throughput.GROWTH * per_s * half_s


def of_harmonicio(weir, directory, size, cost_s):
    """It has no batches that could be late: by halving, between what is sustained and what is not."""
    def holds(per_s):
        arrivals = {"type": "constant", "rate_per_s": per_s}
        return sustained(weir.run(throughput.SCENARIO + "harmonicio", directory / "run", throughput.settings(size, cost_s, arrivals, run_s(per_s))), per_s)

    def halve():
        high = min(throughput.bound(size, cost_s)[0] * 1.1, 2000.0)
        low, steps = high / 2, []
        while not holds(low):
            low, high = low / 2, low
        while high / low > WITHIN:
            middle = float(f"{math.sqrt(low * high):.6g}")
            low, high = (middle, high) if holds(middle) else (low, middle)
        return low, "backlog", steps

    return throughput.kept(weir, directory, "harmonicio", [size, cost_s], halve)


def highest(weir, output, system, size, cost_s):
    directory = output / "cells" / f"{system}-{size}-{cost_s:g}"
    if system == "harmonicio":
        return of_harmonicio(weir, directory, size, cost_s)
    return throughput.of_spark(weir, directory, system, size, cost_s)


def winners(found, systems, size, cost):
    """Of a cell: the highest, and all that are as good."""
    best = max(found[s, size, cost][0] for s in systems)
    return best, [s for s in systems if best > 0 and found[s, size, cost][0] >= TIE * best]


def check(system, size, cost, per_s):
    """Nothing may be found that the cores and links cannot do, beyond the tolerance of the search."""
    limit, why = throughput.bound(size, cost)
    most = limit + throughput.tolerance(system, limit)
    if per_s > most:
        raise RuntimeError(f"{SYSTEMS[system]}, {size} B, {cost:g} s: {per_s:g}/s, and the {why} allows {most:g}/s")


def short(per_s):
    return "0" if per_s == 0 else f"{per_s:.3g}" if per_s < 1000 else f"{per_s / 1000:.3g}k" if per_s < 1e6 else f"{per_s / 1e6:.3g}M"


def mark(system, size, cost):
    return "c" if throughput.kind(system, size, cost) == "calibrated" else ""


def grid(ax, sizes, costs, below, left):
    ax.set_xticks(range(len(sizes)), [NAMES.get(s, f"{s} B") for s in sizes] if below else [""] * len(sizes), rotation=45 if below else 0)
    ax.set_yticks(range(len(costs)), [f"{c:g}" for c in costs] if left else [""] * len(costs))
    ax.tick_params(length=0)
    if below:
        ax.set_xlabel("message")
    if left:
        ax.set_ylabel("CPU cost (s)")


def draw(output, found, systems, sizes, costs):
    import _style as style
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    colours = {"spark-tcp": style.SKY, "spark-file": style.ORANGE, "spark-kafka": style.GREEN, "harmonicio": style.PURPLE}
    fig = style.plt.figure(figsize=(style.PAGE_IN, 5.2))
    cells = fig.add_gridspec(2, len(systems), height_ratios=(1.3, 1))
    ax = fig.add_subplot(cells[0, :])
    for y, cost in enumerate(costs):
        for x, size in enumerate(sizes):
            best, who = winners(found, systems, size, cost)
            for part, system in enumerate(who):
                ax.add_patch(Rectangle((x - 0.5 + part / len(who), y - 0.5), 1 / len(who), 1, facecolor=to_rgb(colours[system]) + (0.55,), linewidth=0))
            limit, why = throughput.bound(size, cost)
            ax.text(x, y, f"{' '.join(LETTERS[s] + mark(s, size, cost) for s in who)}\n{short(best)}", ha="center", va="center", fontsize=6.5)
            ax.text(x + 0.47, y - 0.46, f"{why} {short(limit)}", ha="right", va="bottom", fontsize=4.5, color="0.25")
    ax.set(xlim=(-0.5, len(sizes) - 0.5), ylim=(-0.5, len(costs) - 0.5))
    grid(ax, sizes, costs, below=True, left=True)
    ax.set_title("highest messages/s, who has it (within 5 %), and the bound of cores or link. Predicted; c, and framed below: calibrated.\n"
                 "Above the bound by the search's tolerance: 1 % of what comes may pile up (H), or a message too many be counted in 13 batches.",
                 fontsize=6)
    for system in systems:
        ax.scatter([], [], marker="s", s=40, color=[to_rgb(colours[system]) + (0.55,)], label=f"{LETTERS[system]}  {SYSTEMS[system]}")
    style.shared_legend(fig, ax, len(systems), 0.25, below=False)
    for column, system in enumerate(systems):
        place = fig.add_subplot(cells[1, column])
        shares = [[found[system, size, cost][0] / throughput.bound(size, cost)[0] for size in sizes] for cost in costs]
        place.imshow(shares, cmap="Greys", aspect="auto", origin="lower", vmin=0, vmax=1)
        for y, row in enumerate(shares):
            for x, share in enumerate(row):
                if throughput.kind(system, sizes[x], costs[y]) == "calibrated":
                    place.add_patch(Rectangle((x - 0.45, y - 0.45), 0.9, 0.9, fill=False, edgecolor=style.VERMILLION, linewidth=0.8))
                place.text(x, y, f"{100 * share:.0f}" if share >= 0.01 else "<1" if share > 0 else "0", ha="center", va="center", fontsize=5,
                           color="white" if share > 0.5 else style.BLACK)
        place.set_title(f"{SYSTEMS[system]}, % of the bound", fontsize=7)
        grid(place, sizes, costs, below=True, left=system == systems[0])
    style.save(fig, output, "throughput-domain")


def main():
    arguments = _runs.figure_arguments(
        "throughput-domain", __doc__, sizes=(",".join(map(str, SIZES)), "in bytes, with commas between"),
        costs=(",".join(map(str, COSTS)), "in s, with commas between"), systems=(",".join(SYSTEMS), "with commas between"))
    sizes = [int(s) for s in _runs.chosen(arguments.sizes, [str(s) for s in SIZES], "size")]
    costs = [float(c) for c in _runs.chosen(arguments.costs, [str(c) for c in COSTS], "cost")]
    systems = _runs.chosen(arguments.systems, list(SYSTEMS), "system")
    weir = _runs.Weir(arguments.weir)
    cells = [(system, size, cost) for system in systems for cost in costs for size in sizes]
    progress = _runs.Progress(len(cells))

    def find(cell):
        result = highest(weir, arguments.output, *cell)
        check(*cell, result[0])
        progress.finished(" ".join(map(str, cell)))
        return result

    with ThreadPoolExecutor(_runs.PROCESSES_MAX) as pool:
        found = dict(zip(cells, pool.map(find, cells)))
    rows = [["weir", throughput.kind(system, size, cost), system, size, f"{cost:g}", throughput.bound(size, cost)[1],
             f"{throughput.bound(size, cost)[0]:.6g}", f"{found[system, size, cost][0]:.6g}",
             f"{throughput.tolerance(system, throughput.bound(size, cost)[0]):.3g}", found[system, size, cost][1]] for system, size, cost in cells]
    _runs.write_csv(arguments.output / "throughput-domain.csv",
                    ["source", "kind", "system", "size_bytes", "cost_s", "limit", "limit_per_s", "highest_per_s", "tolerance_per_s", "end"], rows)
    draw(arguments.output, found, systems, sizes, costs)
    for cost in costs:
        for system in systems:
            cells = (short(found[system, size, cost][0]) + " (calibrated)" * (mark(system, size, cost) != "") for size in sizes)
            print(f"| {cost:g} s, {SYSTEMS[system]} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    _runs.main(main)
