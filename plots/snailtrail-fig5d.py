#!/usr/bin/env python3
"""SnailTrail (NSDI 2018), Fig. 5d: communication of twelve workers, and whom to place together."""

import _runs
import _snailtrail as trail

SCENARIO, WORKERS = "fig5d-communication", 12
TO_S = 7


def worker_number(name):
    """worker-5[0] sends for worker 5, expand[5] receives for it."""
    return int(name.split("-")[1].split("[")[0]) if name.startswith("worker-") else int(name.split("[")[1][:-1])


def draw(arguments, hot, matrix):
    import _style as style

    fig, ax = style.figure(height_in=3.0)
    picture = ax.imshow(matrix, cmap="cividis_r", vmin=0)
    fig.colorbar(picture, ax=ax, label="share of all critical messages", shrink=0.85)
    ax.plot([b for _, b in hot], [a for a, _ in hot], label="published as hot", **style.PUBLISHED)
    ax.set(xlabel="receiving worker", ylabel="sending worker")
    ax.set_xticks(range(WORKERS))
    ax.set_yticks(range(WORKERS))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
    style.save(fig, arguments.output, "snailtrail-fig5d")


def main():
    arguments = _runs.figure_arguments("snailtrail-fig5d", __doc__)
    weir = _runs.Weir(arguments.weir)
    hot = [(int(p["worker"]), int(p["partner"])) for p in _runs.published("snailtrail-fig5d")]
    run = trail.traced(weir, f"papers/snailtrail/{SCENARIO}", arguments.output / "runs" / SCENARIO)
    report = trail.as_published(weir, run, to_s=TO_S)
    matrix = [[0.0] * WORKERS for _ in range(WORKERS)]
    total = sum(row["cp"] for row in report["communication"])
    for row in report["communication"]:
        matrix[worker_number(row["from"])][worker_number(row["to"])] += row["cp"] / total
    rows = [["published", "", a, b, "hot"] for a, b in hot]
    rows += [["weir", "calibrated", a, b, f"{matrix[a][b]:.5f}"] for a in range(WORKERS) for b in range(WORKERS)]
    _runs.write_csv(arguments.output / "snailtrail-fig5d.csv", ["source", "kind", "from", "to", "share"], rows)
    draw(arguments, hot, matrix)
    for pair in report["colocation"][:5]:
        a, b = (worker_number(worker) for worker in pair["workers"])
        print(f"place together: {a} and {b}, {100 * pair['share']:.1f} % of all critical messages")


if __name__ == "__main__":
    _runs.main(main)
