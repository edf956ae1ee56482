#!/usr/bin/env python3
"""A consumer group drains large messages through one Kafka broker: throughput against partitions, measured and simulated."""

import _runs

SCENARIO = "papers/kafka/large-messages"
# What was fitted to: the link of the broker, what a byte and a message take a consumer, and whether it fetches ahead.
CALIBRATED = {("9.8", "15"), ("9.8", "1"), ("4.9", "1"), ("9.8", "5")}
OUTLIER = ("2.5", "1")
FROM_S, TO_S = 5, 30
TOLERANCE = 0.15


def settings(size_mb, partitions):
    pairs = {
        "jobs[0].workload.sources[0].record_bytes": round(float(size_mb) * 1e6),
        "jobs[0].workload.sources[0].parallelism": partitions,
        "jobs[0].workload.operators[0].parallelism": partitions,
        "brokers[0].system.topics[0].partitions": partitions,
        "cluster.hosts[1].count": partitions,
    }
    # A host by itself has no number.
    return [part for path, value in pairs.items() for part in ("--set", f"{path}={value}")]


def rate_mb_per_s(run, size_mb):
    windows = run.table("job_windows")
    return _runs.mean_rate(windows, FROM_S, TO_S) * float(size_mb)


def draw(arguments, rows):
    import _style as style

    fig, axes = style.figure(width_in=style.COLUMN_IN, height_in=2.3)
    looks = {"2.5": (style.GREEN, "s"), "4.9": (style.VERMILLION, "^"), "9.8": (style.BLUE, "o")}
    for size, (colour, marker) in looks.items():
        own = [row for row in rows if row["size_mb"] == size]
        partitions = [int(row["partitions"]) for row in own]
        axes.plot(partitions, [row["here"] for row in own], color=colour, marker=".", markersize=3.5,
                  label=f"{size} MB, weir", **style.PREDICTED)
        fitted = [row for row in own if row["kind"] == "calibrated"]
        axes.plot([int(row["partitions"]) for row in fitted], [row["here"] for row in fitted], color=colour, marker="x",
                  markersize=5, linestyle="none", label="fitted to" if size == "9.8" else None)
        axes.plot(partitions, [float(row["mb_per_s"]) for row in own],
                  **{**style.PUBLISHED, "marker": marker, "markeredgecolor": colour}, label=f"{size} MB, measured")
    axes.annotate("outlier", (1, 13), xytext=(2.2, 8), fontsize=6)
    axes.set(xlabel="partitions, and consumers", ylabel="throughput (MB/s)", xticks=(1, 5, 10, 15), ylim=(0, 480))
    axes.legend(ncol=2, fontsize=5.5, loc="upper left")
    style.save(fig, arguments.output, "kafka-large-messages")


def main():
    arguments = _runs.figure_arguments("kafka-large-messages", __doc__)
    rows = _runs.published("kafka-large-messages")
    runs = _runs.Weir(arguments.weir).run_all(
        (SCENARIO, arguments.output / "runs" / f"{row['size_mb']}-{row['partitions']}",
         settings(row["size_mb"], row["partitions"])) for row in rows)
    table = [["published", "measured", row["size_mb"], row["partitions"], row["mb_per_s"]] for row in rows]
    print("| size, partitions | measured, MB/s | weir, MB/s | error | |")
    for row, run in zip(rows, runs):
        key = (row["size_mb"], row["partitions"])
        row["here"] = rate_mb_per_s(run, row["size_mb"])
        row["kind"] = "calibrated" if key in CALIBRATED else "predicted"
        table.append(["weir", row["kind"], *key, f"{row['here']:.1f}"])
        error = row["here"] / float(row["mb_per_s"]) - 1
        verdict = ("outlier in the data" if key == OUTLIER else "fitted" if key in CALIBRATED
                   else "within 15 %" if abs(error) <= TOLERANCE else "missed")
        print(f"| {row['size_mb']} MB, {row['partitions']} | {row['mb_per_s']} | {row['here']:.0f} | {error:+.0%} | {verdict} |")
    _runs.write_csv(arguments.output / "kafka-large-messages.csv", ["source", "kind", "size_mb", "partitions", "mb_per_s"],
                    table)
    draw(arguments, rows)


if __name__ == "__main__":
    _runs.main(main)
