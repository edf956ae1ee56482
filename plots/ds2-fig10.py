#!/usr/bin/env python3
"""DS2 (OSDI 2018), Fig. 10: what DS2's instrumentation adds to the latency of Nexmark's queries on Flink."""

import json

import _runs

SCENARIO = "papers/ds2/fig10-flink"  # has the cost of the instrumentation
# Main operator and its indicated parallelism: Fig. 10 does not say with how many instances it was made.
QUERIES = {"Q1": ("map", 16), "Q2": ("filter", 14), "Q3": ("join", 20), "Q5": ("window", 16), "Q11": ("session", 28)}
# Not Q8: with DS2's generators its streams join in one window only, whose results have one latency, by the phase of the flusher.
FITTED = "Q1"
BOUND = 0.13  # stated


def settings():
    file = json.loads((_runs.HOME / "scenarios" / f"{SCENARIO}.json").read_text())
    return file["jobs"][0]["engine"]["tracing_cost"]["per_record_ns"], file["until_s"]


def jobs(arguments, queries):
    cost_ns, until_s = settings()
    for query in queries:
        main, parallelism = QUERIES[query]
        for ns in (0, cost_ns):
            yield f"papers/ds2/fig8-flink-{query.lower()}", arguments.output / "runs" / f"{query}-{ns}ns", [
                "--policy", "static", "--until", until_s, "--set", "jobs[0].engine.metrics_interval_s=10",
                "--set", f"jobs[0].workload.{main}.parallelism={parallelism}",
                "--set", f"jobs[0].engine.tracing_cost.per_record_ns={ns}"]


def kind(query):
    return "calibrated" if query == FITTED else "predicted"


def draw(arguments, points, medians):
    import _style as style

    fig, axes = style.figure(height_in=2.4)
    at = range(len(medians))
    for i, query in enumerate(medians):
        vanilla, instrumented = points[query]
        # Each value is digitised to 5 %, so the ratio to about 7 %.
        axes.errorbar([i - 0.12], [100 * (instrumented / vanilla - 1)], yerr=[[7], [7]], ecolor="black", elinewidth=0.6,
                      label="published, digitised" if i == 0 else None, **style.PUBLISHED)
        without, having, _ = medians[query]
        axes.plot([i + 0.12], [100 * (having / without - 1)], linestyle="none", marker="s", markersize=4, color=style.BLUE,
                  markerfacecolor=style.BLUE if query == FITTED else "white", label=f"weir, {kind(query)}" if i < 2 else None)
    axes.axhline(0, color="0.6", linewidth=0.6)
    axes.axhline(100 * BOUND, color="0.4", linewidth=0.8, linestyle=":", label="published bound")
    axes.set(xticks=list(at), xticklabels=list(medians), ylabel="median latency, added (%)", xlim=(-0.5, len(medians) - 0.5))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=2, borderaxespad=0.2, columnspacing=1)
    style.save(fig, arguments.output, "ds2-fig10")


def main():
    arguments = _runs.figure_arguments("ds2-fig10", __doc__, queries=(",".join(QUERIES), "which queries, with commas between"))
    queries = _runs.chosen(arguments.queries, list(QUERIES), "query")
    points = {p["query"]: (float(p["vanilla_ms"]), float(p["instrumented_ms"])) for p in _runs.published("ds2-fig10")}
    runs = iter(_runs.Weir(arguments.weir).run_all(jobs(arguments, queries)))
    medians = {}
    for query in queries:
        without, having = next(runs), next(runs)
        overhead = having.summary["operators"][QUERIES[query][0]]["overhead"]
        medians[query] = 1e3 * without.summary["latency_s"]["p50"], 1e3 * having.summary["latency_s"]["p50"], overhead
    rows = [["published", "digitised", q, *points[q], f"{points[q][1] / points[q][0]:.4f}"] for q in queries]
    rows += [["weir", kind(q), q, f"{a:.3f}", f"{b:.3f}", f"{b / a:.4f}"] for q, (a, b, _) in medians.items()]
    _runs.write_csv(arguments.output / "ds2-fig10.csv",
                    ["source", "kind", "query", "vanilla_ms", "instrumented_ms", "ratio"], rows)
    draw(arguments, points, medians)
    print(f"instrumentation: {settings()[0]:g} ns a record; median latency in ms")
    for query, (without, having, overhead) in medians.items():
        a, b = points[query]
        print(f"| {query}, instrumented | {a:g} to {b:g}, {100 * (b / a - 1):+.0f} % | "
              f"{without:.0f} to {having:.0f}, {100 * (having / without - 1):+.0f} % | {kind(query)} | {100 * overhead:.1f} % |")


if __name__ == "__main__":
    _runs.main(main)
