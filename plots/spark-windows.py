#!/usr/bin/env python3
"""Windows over micro-batches in Spark Streaming: what an inverse function saves, by the window's length and the number of keys."""

import _runs

FOLDER = "papers/spark-windows"
WAYS = {"no": "count-by-value", "yes": "count-by-value-inverse"}
LENGTHS_S, LENGTH_S = (20, 30, 60, 120), 30
KEYS, KEY_COUNT = (1_000, 10_000, 50_000, 200_000, 1_000_000), 50_000
# The formulas are what is built: that they come out checks the program and predicts nothing.
KINDS = {"reads": "by construction"}


def runs(weir, output):
    """By (inverse, length, keys)."""
    wanted = [(way, length, KEY_COUNT) for way in WAYS for length in LENGTHS_S]
    wanted += [(way, LENGTH_S, keys) for way in WAYS for keys in KEYS if keys != KEY_COUNT]
    jobs = [(f"{FOLDER}/{WAYS[way]}", output / "runs" / f"{way}-{length}-{keys}",
             ["--set", f"jobs[0].engine.windows.count.length_s={length}", "--set", f"jobs[0].workload.edges[2].keys.count={keys}"])
            for way, length, keys in wanted]
    return dict(zip(wanted, weir.run_all(jobs)))


def draw(output, points, done):
    import _style as style

    looks = {"no": dict(color=style.VERMILLION, marker="s"), "yes": dict(color=style.BLUE, marker="^")}
    names = {"no": "without inverse", "yes": "with inverse"}
    fig, axes = style.figure(1, 3, width_in=style.PAGE_IN, height_in=2.3)
    for way, look in looks.items():
        look = dict(look, markersize=3, label=f"weir, {names[way]}", **style.PREDICTED)
        figure = lambda length, keys, name: done[way, length, keys].summary["engine_figures"][name]
        axes[0].plot(LENGTHS_S, [figure(s, KEY_COUNT, "window_reads_max") for s in LENGTHS_S], **{**look, "linestyle": "none"})
        axes[1].plot(LENGTHS_S, [figure(s, KEY_COUNT, "processing_time_max_s") for s in LENGTHS_S], **look)
        axes[2].plot(KEYS, [figure(LENGTH_S, k, "window_merged_last") for k in KEYS], **look)
    known = [(int(p["length_s"]), int(p["reads"])) for p in points]
    axes[0].plot([s for s, _ in known], [r for _, r in known], label="Spark's formulas", **dict(style.PUBLISHED, markersize=8, zorder=1))
    axes[0].set(xlabel="window (s)", ylabel="reduced batches and results read", ylim=(0, None))
    axes[0].set_title("by construction", fontsize=7)
    for ax in axes[1:]:
        ax.set_title("predicted", fontsize=7)
    axes[1].set(xlabel="window (s)", ylabel="processing time (s)", ylim=(0, 1.6))
    axes[2].set(xlabel="different words that there are", ylabel="entries merged for a result", xscale="log", yscale="log")
    style.shared_legend(fig, axes[0], 3, 0.22, below=False)
    style.save(fig, output, "spark-windows")


def main():
    arguments = _runs.figure_arguments("spark-windows", __doc__)
    weir, points = _runs.Weir(arguments.weir), _runs.published("spark-windows")
    done = runs(weir, arguments.output)
    rows = [["published", "formula", p["inverse"], p["length_s"], "", "reads", p["reads"]] for p in points]
    quantities = {"reads": "window_reads_max", "merged entries": "window_merged_last", "processing time s": "processing_time_max_s"}
    for (way, length, keys), run in done.items():
        figures = run.summary["engine_figures"]
        rows += [["weir", KINDS.get(quantity, "predicted"), way, length, keys, quantity, f"{figures[name]:.6g}"] for quantity, name in quantities.items()]
        rows.append(["weir", "predicted", way, length, keys, "task time s", f"{figures['task_core_s'] / figures['windows']:.6g}"])
    _runs.write_csv(arguments.output / "spark-windows.csv", ["source", "kind", "inverse", "length_s", "keys", "quantity", "value"], rows)
    draw(arguments.output, points, done)
    print("| window, different words | read, by construction | merged | task time, mean | processing time, at most |")
    print("|---|--:|--:|--:|--:|")
    for length, keys in [(s, KEY_COUNT) for s in LENGTHS_S] + [(LENGTH_S, k) for k in KEYS if k != KEY_COUNT]:
        pair = [done[way, length, keys].summary["engine_figures"] for way in WAYS]
        both = lambda of, form: " / ".join(format(of(f), form) for f in pair)
        print(f"| {length} s, {keys:,} | {both(lambda f: f['window_reads_max'], '.0f')} | {both(lambda f: f['window_merged_last'], ',.0f')} |"
              f" {both(lambda f: f['task_core_s'] / f['windows'], '.2f')} s | {both(lambda f: f['processing_time_max_s'], '.2f')} s |")


if __name__ == "__main__":
    _runs.main(main)
