#!/usr/bin/env python3
"""HarmonicIO's throughput domain: the highest frequency that it sustains, by message size and CPU cost."""

import json
import math

import _runs

SCENARIO = "papers/harmonicio/throughput"
SIZES = (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 50_000_000)  # bytes
COSTS = (0, 0.02, 0.1, 0.2, 0.5, 1)  # s
CORES, LINK_BYTES_PER_S = 40, 1.3e9 / 8
WITHIN = 1.01  # of each other are the highest frequency that was sustained and the lowest that was not


def limits(size, cost_s, request_s):
    """What no run can exceed, and why."""
    return {"cpu": CORES / cost_s if cost_s > 0 else math.inf, "network": LINK_BYTES_PER_S / size, "master": 1 / (2 * request_s)}


def run_s(per_s):
    """An even number of seconds, so that 1 % of what comes in the second half is some messages."""
    return 2 * math.ceil(max(30, 600 / per_s))


def settings(size, cost_s, per_s):
    return ["--set", f"jobs[0].workload.sources[0].record_bytes={size}", "--set", f"jobs[0].workload.operators[0].cost.per_record_us={cost_s * 1e6}",
            "--set", f"jobs[0].workload.sources[0].arrivals.rate_per_s={per_s!r}", "--until", f"{run_s(per_s)}"]


def sustained(run, per_s):
    """Whether what waits outside and at the master grows no more, in the second half, than messages come in 1 % of it."""
    windows = run.table("operator_windows")
    waits = {}
    for end, queue, backlog in zip(windows["end_s"], windows["queue_records"], windows["backlog_records"]):
        waits[round(float(end), 6)] = waits.get(round(float(end), 6), 0.0) + sum(float(v) for v in (queue, backlog) if v == v)
    half_s = run_s(per_s) / 2
    return waits[2 * half_s] - waits[half_s] <= 0.01 * per_s * half_s


def highest(weir, directory, size, cost_s, bound_per_s):
    """By halving between half the bound, or less, and a tenth more than it."""
    def holds(per_s):
        return sustained(weir.run(SCENARIO, directory / f"{size}-{cost_s:g}-{per_s:.6g}", settings(size, cost_s, per_s)), per_s)

    low, high = bound_per_s / 2, bound_per_s * 1.1
    while not holds(low):
        low, high = low / 2, low
    while high / low > WITHIN:
        middle = float(f"{math.sqrt(low * high):.6g}")
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def draw(output, table, sizes, costs):
    import _style as style

    fig, ax = style.figure(1, 1, height_in=2.6)
    shown = [[math.log10(table[size, cost][0]) for size in sizes] for cost in costs]
    ax.imshow(shown, cmap="Greys_r", aspect="auto", origin="lower", vmin=-0.5, vmax=3.5)
    for y, cost in enumerate(costs):
        for x, size in enumerate(sizes):
            per_s, why, _ = table[size, cost]
            ax.text(x, y, f"{per_s:.3g}\n{why}", ha="center", va="center", fontsize=5.5,
                    color=style.BLACK if per_s > 40 else "white")
    names = {10 ** 2: "100 B", 10 ** 3: "1 kB", 10 ** 4: "10 kB", 10 ** 5: "100 kB", 10 ** 6: "1 MB", 10 ** 7: "10 MB", 5 * 10 ** 7: "50 MB"}
    ax.set_xticks(range(len(sizes)), [names[s] for s in sizes])
    ax.set_yticks(range(len(costs)), [f"{c:g}" for c in costs])
    ax.set(xlabel="message", ylabel="CPU cost (s)", title="highest frequency (1/s), and what limits it (predicted)")
    style.save(fig, output, "harmonicio-domain")


def main():
    arguments = _runs.figure_arguments("harmonicio-domain", __doc__, sizes=(",".join(map(str, SIZES)), "in bytes, with commas between"),
                                       costs=(",".join(map(str, COSTS)), "in s, with commas between"))
    sizes = [int(s) for s in _runs.chosen(arguments.sizes, [str(s) for s in SIZES], "size")]
    costs = [float(c) for c in _runs.chosen(arguments.costs, [str(c) for c in COSTS], "cost")]
    weir = _runs.Weir(arguments.weir)
    scenario = json.loads((_runs.HOME / "scenarios" / f"{SCENARIO}.json").read_text())
    request_s = scenario["jobs"][0]["engine"].get("request_ms", 1) * 1e-3
    table, rows = {}, []
    for cost in costs:
        for size in sizes:
            bounds = limits(size, cost, request_s)
            why = min(bounds, key=bounds.get)
            found = highest(weir, arguments.output / "runs", size, cost, bounds[why])
            table[size, cost] = (found, why, bounds[why])
            rows.append(["weir", "predicted", size, f"{cost:g}", why, f"{bounds[why]:.6g}", f"{found:.6g}"])
    _runs.write_csv(arguments.output / "harmonicio-domain.csv",
                    ["source", "kind", "size_bytes", "cost_s", "limit", "limit_per_s", "highest_per_s"], rows)
    draw(arguments.output, table, sizes, costs)
    for cost in costs:
        print(f"| {cost:g} s | " + " | ".join(f"{table[size, cost][0]:.3g}" for size in sizes) + " |")


if __name__ == "__main__":
    _runs.main(main)
