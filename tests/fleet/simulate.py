#!/usr/bin/env python3
"""How many pull requests an hour N runners review, and what they cost.

    simulate.py [--reviews 200] [--runners 1 2 4] [--latency LOW HIGH] [--local SECONDS] [--cores C]
                [--idle SECONDS] [--requests-per-minute R] [--tokens-per-minute T] [--tokens READ WRITTEN] [--price READ WRITTEN]
                [--known SHARE] [--seed S]
    simulate.py --check

Each runner takes the next pull request of one work list: it works on this machine (--local seconds of a processor, of which all
runners share --cores, and --idle seconds of waiting for disks and the forge), asks a model, which takes between LOW and HIGH seconds, and takes the
next. A call waits until the rate of its key lets it pass, by the same whole seconds as the program counts. A --known share of reviews is
answered by the place that runners share, and costs neither time of the model nor money.

Standard library only; the same seed gives the same figures.
"""
import argparse
import heapq
import random
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Fleet:
    reviews: int = 200
    runners: int = 1
    latency: tuple[float, float] = (1.0, 1.0)
    local: float = 0.0
    idle: float = 0.0
    cores: float = 2.0
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    tokens: tuple[int, int] = (2000, 300)
    price: tuple[float, float] = (0.0, 0.0)
    known: float = 0.0
    seed: int = 1


@dataclass
class Result:
    seconds: float
    usd: float
    calls: list[float] = field(default_factory=list)
    waited: float = 0.0

    def an_hour(self, reviews: int) -> float:
        return reviews * 3600 / self.seconds if self.seconds else float("inf")


class Gate:
    """Who passed in the last minute and a second; a second counts as a whole."""

    def __init__(self, fleet: Fleet):
        self.most = (fleet.requests_per_minute, fleet.tokens_per_minute)
        self.passed: deque[tuple[int, float]] = deque()

    def when(self, now: float, tokens: float) -> float:
        """The moment from which one more may pass: now, or later."""
        requests, most = self.most
        while self.passed and self.passed[0][0] + 61 < int(now):
            self.passed.popleft()
        used, count, at = sum(tokens for _, tokens in self.passed), len(self.passed), now
        for second, gone in self.passed:
            fits = (requests is None or count < requests) and (most is None or used + min(tokens, most) <= most)
            if fits:
                break
            used, count, at = used - gone, count - 1, max(now, second + 62)
        return at

    def take(self, now: float, tokens: float):
        self.passed.append((int(now), tokens))


def simulate(fleet: Fleet) -> Result:
    random.seed(fleet.seed)
    tokens = sum(fleet.tokens)
    gate, result = Gate(fleet), Result(0.0, 0.0)
    left, now = fleet.reviews, 0.0
    working: dict[int, float] = {}  # seconds of a processor that a runner still needs
    queue: list[tuple[float, int, str, int]] = []  # moment, order, what happens, which runner
    order = 0

    def later(moment: float, what: str, runner: int):
        nonlocal order
        order += 1
        heapq.heappush(queue, (moment, order, what, runner))

    for runner in range(fleet.runners):
        later(0.0, "next", runner)
    while queue or working:
        # Whoever works shares the cores.
        speed = min(1.0, fleet.cores / len(working)) if working else 0.0
        done = min(working, key=working.get) if working else None
        ends = now + working[done] / speed if working else float("inf")
        moment = min(ends, queue[0][0] if queue else float("inf"))
        for runner in working:
            working[runner] -= (moment - now) * speed
        now = moment
        if done is not None and ends <= moment:
            del working[done]
            later(now + fleet.idle, "ask", done)
            continue
        _, _, what, runner = heapq.heappop(queue)
        if what == "next":
            if left == 0:
                result.seconds = max(result.seconds, now)
                continue
            left -= 1
            working[runner] = fleet.local
        elif random.random() < fleet.known:
            later(now, "next", runner)
        else:
            ask(fleet, gate, result, (now, runner, tokens), later)
    read, written = fleet.tokens
    result.usd = len(result.calls) * (read * fleet.price[0] + written * fleet.price[1]) / 1e6
    return result


def ask(fleet: Fleet, gate: Gate, result: Result, call: tuple[float, int, float], later):
    """Calls the model when the rate lets it pass: nobody who came later is let pass before."""
    now, runner, tokens = call
    passes = gate.when(now, tokens)
    gate.take(passes, tokens)
    result.waited += passes - now
    result.calls.append(passes)
    later(passes + random.uniform(*fleet.latency), "next", runner)


def check():
    """Cases that can be worked out."""
    def near(got: float, wanted: float, what: str):
        assert abs(got - wanted) <= 1e-6 * max(1.0, wanted), f"{what}: {got}, not {wanted}"

    near(simulate(Fleet(10, 1, (2.0, 2.0))).seconds, 20, "one after the other")
    near(simulate(Fleet(10, 2, (2.0, 2.0))).seconds, 10, "two at a time")
    near(simulate(Fleet(10, 20, (2.0, 2.0))).seconds, 2, "more runners than work")
    near(simulate(Fleet(8, 4, (0.0, 0.0), local=1.0, cores=2)).seconds, 4, "four share two cores")
    near(simulate(Fleet(8, 4, (0.0, 0.0), local=1.0, cores=8)).seconds, 2, "a core for each")
    near(simulate(Fleet(10, 1, (2.0, 2.0), idle=0.5)).seconds, 25, "waiting for disks")
    near(simulate(Fleet(10, 1, (2.0, 2.0), known=1.0)).seconds, 0, "all is known")
    near(simulate(Fleet(4, 4, (0.0, 0.0), requests_per_minute=2)).seconds, 62, "two a minute")
    near(simulate(Fleet(4, 4, (0.0, 0.0), tokens=(50, 0), tokens_per_minute=100)).seconds, 62, "tokens for two a minute")
    near(simulate(Fleet(100, 4, tokens=(1000, 100), price=(3.0, 15.0))).usd, 100 * (0.003 + 0.0015), "what it costs")
    for requests in (7, 60):
        calls = sorted(simulate(Fleet(300, 16, (0.1, 3.0), requests_per_minute=requests)).calls)
        most = max(sum(begin <= at < begin + 61 for at in calls) for begin in calls)
        assert most <= requests, f"{most} calls in a minute, and {requests} may be"
    assert simulate(Fleet(seed=3, latency=(0, 5))) == simulate(Fleet(seed=3, latency=(0, 5)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="work out what is known, and say nothing where it is right")
    parser.add_argument("--reviews", type=int, default=200)
    parser.add_argument("--runners", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--latency", type=float, nargs=2, default=(20.0, 90.0), metavar=("LOW", "HIGH"))
    parser.add_argument("--local", type=float, default=0.5, help="seconds of a processor for each review")
    parser.add_argument("--idle", type=float, default=0.0, help="seconds of waiting for anything but the model")
    parser.add_argument("--cores", type=float, default=2)
    parser.add_argument("--requests-per-minute", type=float)
    parser.add_argument("--tokens-per-minute", type=float)
    parser.add_argument("--tokens", type=int, nargs=2, default=(30_000, 2_000), metavar=("READ", "WRITTEN"))
    parser.add_argument("--price", type=float, nargs=2, default=(3.0, 15.0), metavar=("READ", "WRITTEN"), help="US dollars a million")
    parser.add_argument("--known", type=float, default=0.0, help="share of reviews whose answer is there, 0 to 1")
    parser.add_argument("--seed", type=int, default=1)
    args = vars(parser.parse_args())
    if args.pop("check"):
        return check()
    print(f"{'runners':>7} {'an hour':>8} {'minutes':>8} {'calls':>6} {'US$':>8} {'waiting for the rate':>21}")
    for runners in args.pop("runners"):
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in args.items()}
        fleet = Fleet(runners=runners, **given)
        result = simulate(fleet)
        waiting = result.waited / (result.seconds * runners) if result.seconds else 0
        hour = result.an_hour(fleet.reviews)
        print(f"{runners:>7} {hour:>8.0f} {result.seconds / 60:>8.1f} {len(result.calls):>6} {result.usd:>8.2f} {waiting:>20.0%}")
        args.update(given)
    return None


if __name__ == "__main__":
    main()
