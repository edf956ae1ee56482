#!/usr/bin/env python3
"""A table of what each policy made of a scenario: steps, latency, throughput, slots too many and too few."""

import _runs

POLICIES = ["static", "threshold", "hpa", "keda", "dhalion", "ds2", "oracle"]
SCENARIOS = ["quickstart", "bursty-wordcount", "tweets-wordcount"]
COLUMNS = ["scenario", "policy", "steps", "achieved / offered", "latency p50 s", "latency p99 s",
           "slot-seconds", "over", "under"]


def row(scenario, policy, summary):
    scaling, latency = summary["scaling"], summary["latency_s"]

    def seconds(value):
        return f"{value:.3g}" if value is not None else "-"

    return [scenario, policy, scaling["steps"], f"{summary['throughput']['ratio']:.3f}", seconds(latency["p50"]),
            seconds(latency["p99"]), f"{scaling['slot_seconds']:.0f}", f"{scaling['over_provisioned']:.0f}",
            f"{scaling['under_provisioned']:.0f}"]


def main():
    arguments = _runs.figure_arguments(
        "policy-table", __doc__,
        scenarios=(",".join(SCENARIOS), "which scenarios, with commas between"),
        policies=(",".join(POLICIES), "which policies, with commas between"))
    jobs = [(scenario, policy) for scenario in arguments.scenarios.split(",")
            for policy in arguments.policies.split(",")]
    runs = _runs.Weir(arguments.weir).run_all(
        [(scenario, arguments.output / "runs" / scenario / policy, ["--policy", policy]) for scenario, policy in jobs])
    rows = [row(scenario, policy, run.summary) for (scenario, policy), run in zip(jobs, runs)]
    _runs.write_csv(arguments.output / "policy-table.csv", COLUMNS, rows)
    text = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * 2 + "--:|" * (len(COLUMNS) - 2)]
    text += ["| " + " | ".join(str(cell) for cell in line) + " |" for line in rows]
    print("\n".join(text))
    (arguments.output / "policy-table.md").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    _runs.main(main)
