"""Runs of weir for a figure, and their results: summary.json and run.h5.

    weir = Weir(program)                        # from --weir
    run = weir.run("papers/ds2/fig6-heron-ds2", out / "runs/ds2")
    runs = weir.run_all([...])                  # two processes at a time
    run.summary["scaling"]["steps"];  run.table("actions")["to_parallelism"]
    run.parallelism("flatmap")                  # times, values: a staircase

A run that is there already is taken as it is when it was made of the same arguments and scenario file by the
same program; so a picture can be drawn again without simulating again.
"""

import argparse
import csv
import hashlib
import json
import math
import pathlib
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

PROCESSES_MAX = 2
PROGRESS_EVERY_S = 10
HOME = pathlib.Path(__file__).resolve().parent.parent


class Run:
    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.summary = json.loads((self.directory / "summary.json").read_text())

    def table(self, name):
        """A table of run.h5 as a dict of numpy arrays by column (docs/reference/run-h5.md)."""
        import h5py

        with h5py.File(self.directory / "run.h5", "r") as file:
            return {column: file[name][column][:] for column in file[name]}

    def operator_id(self, name):
        operators = self.table("operators")
        names = [n.decode() for n in operators["name"]]
        return int(operators["operator_id"][names.index(name)])

    def parallelism(self, operator):
        """Times (s) and values of an operator's parallelism, changed when the restart is over, from 0 to the end."""
        actions, wanted = self.table("actions"), self.operator_id(operator)
        operators = self.table("operators")
        start = operators["initial_parallelism"][list(operators["operator_id"]).index(wanted)]
        times, values = [0.0], [int(start)]
        for i, operator_id in enumerate(actions["operator_id"]):
            if operator_id == wanted and actions["status"][i] in (b"done", b"clipped"):
                times.append(float(actions["ended_s"][i]))
                values.append(int(actions["to_parallelism"][i]))
        times.append(float(self.summary["simulated_s"]))
        values.append(values[-1])
        return times, values

    def workers(self, at_start):
        """Times (s) and values of the workers of the only job (of Spark: executors), from 0 to the end."""
        a = self.table("actions")
        changes = sorted((float(a["ended_s"][i]), int(a["to_parallelism"][i])) for i in range(len(a["action_id"]))
                         if a["operator_id"][i] < 0)
        times, values = [0.0], [at_start]
        for time_s, value in changes:
            times.append(time_s)
            values.append(value)
        times.append(float(self.summary["simulated_s"]))
        values.append(values[-1])
        return times, values

    def steps(self):
        """What was asked for and carried out: (requested_s, operator, from, to), by time."""
        operators = self.table("operators")
        names = {int(i): n.decode() for i, n in zip(operators["operator_id"], operators["name"])}
        a = self.table("actions")
        rows = [
            (float(a["requested_s"][i]), names[int(a["operator_id"][i])], int(a["from_parallelism"][i]),
             int(a["to_parallelism"][i]))
            for i in range(len(a["action_id"]))
            if a["status"][i] in (b"done", b"clipped") and a["operator_id"][i] >= 0
        ]
        return sorted(rows)


class Weir:
    def __init__(self, program):
        self.program = pathlib.Path(program).resolve()

    def stamp(self, scenario, arguments):
        """Of the program, the scenario's file and the arguments; and that file."""
        file = HOME / "scenarios" / f"{scenario}.json"
        file = file if file.exists() else pathlib.Path(scenario)
        state = self.program.stat()
        text = json.dumps([str(self.program), state.st_mtime_ns, state.st_size, str(scenario), arguments])
        return hashlib.sha256(text.encode() + file.read_bytes()).hexdigest(), file

    def run(self, scenario, directory, arguments=()):
        """Runs a scenario (a file, or a name as in `weir list scenarios`). A failure ends the figure."""
        directory, arguments = pathlib.Path(directory), [str(a) for a in arguments]
        stamp, file = self.stamp(scenario, arguments)
        mark = directory / "made-of.txt"
        if (directory / "summary.json").exists() and mark.exists() and mark.read_text() == stamp:
            return Run(directory)
        directory.mkdir(parents=True, exist_ok=True)
        command = [str(self.program), "run", str(file), "-o", str(directory), "--quiet", *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
        mark.write_text(stamp)
        return Run(directory)

    def run_all(self, jobs):
        """Runs (scenario, directory, arguments) each, in their order, a few at a time."""
        jobs = list(jobs)
        progress = Progress(len(jobs))

        def run(job):
            done = self.run(*job)
            progress.finished(done.directory)
            return done

        with ThreadPoolExecutor(PROCESSES_MAX) as pool:
            return list(pool.map(run, jobs))


class Progress:
    """Says on stderr which run was the last to finish: on a terminal always, in one line that is written over;
    elsewhere a line for every tenth of the runs, for the first, the last, and whenever 10 s went by."""

    def __init__(self, runs, stream=None, clock=time.monotonic):
        self.runs, self.stream, self.clock = runs, stream or sys.stderr, clock
        self.done, self.said, self.said_at = 0, 0, clock() - PROGRESS_EVERY_S
        self.lock = threading.Lock()

    def finished(self, directory):
        with self.lock:
            self.done += 1
            line = f"{self.done} of {self.runs} runs: {directory}"
            if self.stream.isatty():
                self.stream.write(f"\r\033[K{line[:79]}" + ("\r\033[K" if self.done == self.runs else ""))
            elif self._is_due():
                self.stream.write(line + "\n")
                self.said, self.said_at = self.done, self.clock()
            self.stream.flush()

    def _is_due(self):
        tenth = self.done * 10 // self.runs > self.said * 10 // self.runs
        return tenth or self.done == self.runs or self.clock() - self.said_at >= PROGRESS_EVERY_S


def figure_arguments(name, description, runs=None, **options):
    """What `weir figure` passes, and options of the figure's own: seeds=(default, help); runs=help: any number of
    directories of runs."""
    parser = argparse.ArgumentParser(prog=f"weir figure {name} --", description=description)
    parser.add_argument("--weir", required=True, help="the program")
    parser.add_argument("--output", required=True, help="where figure and runs go")
    if runs is not None:
        parser.add_argument("runs", nargs="*", help=runs)
    for option, (default, text) in options.items():
        parser.add_argument(f"--{option.replace('_', '-')}", type=type(default), default=default, help=text)
    arguments = parser.parse_args()
    arguments.output = pathlib.Path(arguments.output)
    arguments.output.mkdir(parents=True, exist_ok=True)
    return arguments


def published(name):
    """Published values: rows of plots/published/NAME.csv; lines that begin with # name their source."""
    lines = (HOME / "plots/published" / f"{name}.csv").read_text().splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


class WrongInput(Exception):
    """What was asked for cannot be drawn."""


# Student's t, 97.5 %, by degrees of freedom from 1 on; beyond, the last one is a little too much.
T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
        2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045)


def interval(values):
    """Mean and half of the 95 % confidence interval; of two values or more."""
    n, mean = len(values), sum(values) / len(values)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (n - 1))
    return mean, T_95[min(n - 1, len(T_95)) - 1] * deviation / math.sqrt(n)


def mean_rate(windows, from_s, to_s):
    """Achieved, of the metric windows of a job, weighted by how much of them lies in between; None outside of the run."""
    records = seconds = 0.0
    for start, end, rate in zip(windows["start_s"], windows["end_s"], windows["achieved_per_s"]):
        overlap = min(end, to_s) - max(start, from_s)
        if overlap > 0:
            records += rate * overlap
            seconds += overlap
    return records / seconds if seconds > 0 else None


def chosen(text, known, what):
    """The names in an option's text, with commas between; all must be known."""
    names = text.split(",")
    for name in names:
        if name not in known:
            raise WrongInput(f"unknown {what} \"{name}\" (allowed: {', '.join(known)})")
    return names


def main(function):
    """Runs a figure; what failed is said in a line, not in a stack trace."""
    try:
        function()
    except WrongInput as error:
        print(f"weir figure: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit("weir figure: interrupted; runs that are done are kept")
    except (RuntimeError, OSError) as error:
        sys.exit(f"weir figure: {error}")
