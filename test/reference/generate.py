"""Writes the golden files that `test/lib/recommender/reference.test.ts` compares with.

Run from the repository root: `.venv/bin/python test/reference/generate.py`. The files are deterministic.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from backbones import History, Shape, parameter_shapes
from objectives import Network, Settings, Transition, loss

SHAPE = Shape(items=11, dimension=4, blocks=2, heads=2, window=4)
ENVIRONMENT = 3
ASKED_AFTER = 250_000
CANDIDATES = 3
NEGATIVES = 4
# One long history in two rows that overlap by one item, and short ones.
ROWS = [
    {"user": "a", "start": 0, "items": [3, 7, 1, 9, 4]},
    {"user": "a", "start": 4, "items": [4, 4, 11, 2, 6]},
    {"user": "b", "start": 0, "items": [5, 8, 5]},
    {"user": "c", "start": 0, "items": [10, 3]},
    {"user": "d", "start": 0, "items": [6]},
]
LEA = {
    "state": "q_only",
    "stateWeight": 0,
    "reward": "positives",
    "rewardWeight": 0,
    "actions": "reward",
    "augmentedWeight": 0.3,
    "shareLimit": 100,
    "augmentedBootstrap": "consumed",
    "minimumMargin": 0,
    "uncertaintyPenalty": 0,
}
SAMPLED = {"sampledItems": [2, 9, 9, 5, 11], "sampledLogCounts": [-0.4, 0.3, 0.3, -1.1, 0.2]}
CASES: dict[str, dict] = {
    "supervised": {"objective": "supervised"},
    "supervised + LEA": {"objective": "supervised", "lea": LEA | {"state": "off"}},
    "sampled softmax + LEA": {"objective": "supervised", "loss": "sampled-softmax", "lea": LEA | {"state": "off"}} | SAMPLED,
    "gBCE + LEA": {"objective": "supervised", "loss": "gbce", "lea": LEA | {"state": "off"}} | SAMPLED,
    "auxiliary": {"objective": "auxiliary"},
    "SQN": {"objective": "sqn", "discount": 0.7},
    "SQN, conservative + LEA without bootstrap": {
        "objective": "sqn",
        "conservativeWeight": 0.3,
        "lea": LEA | {"augmentedBootstrap": "none"},
    },
    "SAC, acting + LEA": {"objective": "sac", "isActing": True, "lea": LEA},
    "SNQN": {"objective": "snqn", "reinforcementWeight": 0.6},
    "SNQN, conservative": {"objective": "snqn", "conservativeWeight": 0.2, "conservativeTemperature": 0.8},
    "SNQN + LEA": {"objective": "snqn", "lea": LEA},
    "SNQN + LEA, everything": {
        "objective": "snqn",
        "lea": LEA
        | {
            "reward": "all",
            "augmentedBootstrap": "logged",
            "minimumMargin": 0.2,
            "uncertaintyPenalty": 0.5,
        },
    },
    "SNQN + LEA, preferences and chances": {
        "objective": "snqn",
        "negativeReward": 0.2,
        "lea": LEA | {"reward": "preference", "rewardWeight": 0.8, "actions": "chance", "uncertaintyPenalty": 0.5},
    },
    "supervised + LEA, states distilled": {"objective": "supervised", "lea": LEA | {"state": "off", "stateWeight": 0.7}},
    "SNQN + LEA, states distilled": {"objective": "snqn", "lea": LEA | {"stateWeight": 0.4}},
    "SA2C, warm-up": {"objective": "sa2c"},
    "SA2C, acting + LEA, propensity": {
        "objective": "sa2c",
        "isActing": True,
        "propensityExponent": 0.5,
        "advantageRange": (None, 0.4),
        "lea": LEA,
    },
}
# Only SASRec has positions; all of the others count nothing.
FROM_END_CASES: dict[str, dict] = {
    "positions from the end: supervised": {"objective": "supervised"},
    "positions from the end: SNQN + LEA": {"objective": "snqn", "lea": LEA},
}
# When the items of each row were taken. A row that goes on begins with the last item of the one before.
TIMES = [
    [0, 40, 41, 5_000, 90_000],
    [90_000, 90_007, 700_000, 700_001, 4_000_000],
    [3, 200, 86_400],
    [1_000, 1_001],
    [9],
]
TIME_CASES: dict[str, dict] = {
    "time: supervised": {"objective": "supervised", "timeAttention": True},
    "time: SNQN + LEA": {"objective": "snqn", "lea": LEA, "timeAttention": True},
}
# The same in baskets. By hand: what a line of five holds. Each piece: the basket before (row, place), then those that are
# learned from it; the time of the basket that follows, None at the end of a history.
BASKET_TIMES = [
    [0, 0, 50, 5_000, 5_000],
    [5_000, 5_000, 700_000, 700_000, 4_000_000],
    [3, 200, 200],
    [1_000, 1_000],
    [9],
]
BASKET_PIECES: list[tuple[list[list[tuple[int, int]]], float | None]] = [
    ([[(0, 0), (0, 1)], [(0, 2)]], 5_000),
    ([[(0, 2)], [(0, 3), (0, 4), (1, 1)]], 700_000),
    ([[(0, 4), (1, 1)], [(1, 2), (1, 3)], [(1, 4)]], None),
    ([[(2, 0)], [(2, 1), (2, 2)]], None),
]
BASKET_CASES: dict[str, dict] = {
    "baskets: supervised": {"objective": "supervised"},
    "baskets, time: SNQN + LEA": {"objective": "snqn", "lea": LEA, "timeAttention": True},
}
PAPER_CASES: dict[str, dict] = {
    "paper: supervised": {"objective": "supervised"},
    "paper: SNQN": {"objective": "snqn"},
    "paper: SA2C, acting + LEA": {"objective": "sa2c", "isActing": True, "lea": LEA},
}
# The objectives do not know the backbone, so one backbone has them all.
FEW = ["supervised + LEA", "SNQN + LEA", "SA2C, acting + LEA, propensity", "paper: SNQN", "paper: SA2C, acting + LEA"]


def draw_parameters(random: np.random.Generator, shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Parameters whose float32 and float64 values are the same."""
    return {
        name: (random.normal(size=shape) * 0.6 + (1.0 if name.endswith("/scale") else 0.0)).astype(np.float32)
        for name, shape in shapes.items()
    }


def draw_answers(random: np.random.Generator) -> list[dict]:
    """What the LE says of each row: float16 states, rewards, candidates."""
    answers = []
    of_chances = np.random.default_rng(9)
    for row in ROWS:
        items = row["items"]
        transitions = []
        for action in items[1:]:
            others = [item for item in range(1, SHAPE.items + 1) if item != action]
            transitions.append(
                {
                    "reward": float(np.float32(random.normal() * 0.3 + 1)),
                    "spread": float(np.float32(random.uniform(0.05, 0.3))),
                    "candidates": [int(item) for item in random.choice(others, CANDIDATES, replace=False)],
                    "candidateRewards": [float(np.float32(x)) for x in random.normal(size=CANDIDATES) * 0.5 + 0.3],
                    "candidateRewardSpreads": [float(np.float32(x)) for x in random.uniform(0.05, 0.3, CANDIDATES)],
                    # Of every third candidate no chance is known.
                    "candidateChances": [
                        float(np.float32(x)) * (of_chances.random() < 0.6) for x in of_chances.uniform(size=CANDIDATES)
                    ],
                    "randomNegatives": [int(item) for item in random.choice(others, NEGATIVES)],
                }
            )
        states = random.normal(size=(len(items), ENVIRONMENT)).astype(np.float16)
        answers.append({"states": states.astype(float).tolist(), "transitions": transitions})
    return answers


def choose(answer: dict, lea: dict) -> tuple[int, float, float]:
    """The augmented action, its confidence and its reward; (0, 0, 0) if no candidate is clearly ahead."""
    penalty = lea["uncertaintyPenalty"]
    if lea["actions"] == "chance":
        best = int(np.argmax(answer["candidateChances"]))
        chance = answer["candidateChances"][best]
        reward = answer["candidateRewards"][best] - penalty * answer["candidateRewardSpreads"][best]
        return (answer["candidates"][best], chance, reward) if chance > 0 else (0, 0.0, 0.0)
    rewards = [r - penalty * s for r, s in zip(answer["candidateRewards"], answer["candidateRewardSpreads"], strict=True)]
    order = sorted(range(len(rewards)), key=lambda index: (-rewards[index], answer["candidates"][index]))
    best, second = order[0], order[1]
    margin = rewards[best] - rewards[second]
    spread = math.hypot(answer["candidateRewardSpreads"][best], answer["candidateRewardSpreads"][second])
    if lea["minimumMargin"] > 0 and not margin > lea["minimumMargin"] * spread:
        return 0, 0.0, 0.0
    return answer["candidates"][best], 1 / (1 + math.exp(-margin / spread)), rewards[best]


def negatives_of(answer: dict, augmented: int, base_reward: float, settings: Settings) -> tuple[list[int], list[float]]:
    """Negatives and their rewards: the LE's other candidates first if it rewards them, on the logged action's scale."""
    items, rewards = [], []
    if settings.lea is not None and settings.lea["reward"] == "all":
        penalty = settings.lea["uncertaintyPenalty"]
        for item, reward, spread in zip(
            answer["candidates"], answer["candidateRewards"], answer["candidateRewardSpreads"], strict=True
        ):
            if item != augmented:
                items.append(item)
                rewards.append(base_reward * (reward - penalty * spread))
    for item in answer["randomNegatives"]:
        if len(items) < NEGATIVES:
            items.append(item)
            rewards.append(settings.negativeReward)
    return items[:NEGATIVES], rewards[:NEGATIVES]


def consume(history: list[int], item: int) -> list[int]:
    """A history with one more item, taken when the next action was, after which a list is asked for at once."""
    if not isinstance(history, History):
        return [*history, item]
    times = None if history.times is None else [*history.times, history.request]
    baskets = None if history.baskets is None else [*history.baskets, history.baskets[-1] + 1]
    return History([*history, item], times, history.request, baskets)


def transition_of(
    base_reward: float,
    answer: dict | None,
    settings: Settings,
    histories: tuple[list[int], list[int], list[int]],
    environments: tuple[list[float], list[float]],
    action: int,
    continues: bool,
    before: int,
) -> Transition:
    """One transition from its histories (now, next, and now with room for one more item)."""
    history, next_history, consumed = histories
    counts = np.bincount([item for row in unique_histories() for item in row], minlength=SHAPE.items + 1)
    longest = max(len(row) for row in unique_histories())
    reward, augmented, weight, augmented_reward = base_reward, 0, 0.0, 0.0
    if settings.lea is not None and answer is not None:
        said = answer["reward"] - settings.lea["uncertaintyPenalty"] * answer["spread"]
        augmented, confidence, augmented_reward = choose(answer, settings.lea)
        if settings.lea["reward"] == "preference":
            share = settings.lea["rewardWeight"]
            reward = max(base_reward * (1 + share * min(1, max(-1, said))), min(base_reward, settings.negativeReward))
            augmented_reward = min(base_reward * (1 + share * min(1, max(-1, augmented_reward))), reward)
        else:
            reward *= said if settings.lea["reward"] != "off" else 1.0
            augmented_reward *= base_reward
        weight = settings.lea["augmentedWeight"] * confidence
    negatives, negative_rewards = (
        negatives_of(answer, augmented, base_reward, settings) if answer is not None else ([2, 5, 8, 11], [settings.negativeReward] * NEGATIVES)
    )
    return Transition(
        history=history,
        environment=environments[0],
        action=action,
        reward=reward,
        continues=continues,
        next_history=next_history,
        next_environment=environments[1],
        negatives=negatives,
        negative_rewards=negative_rewards,
        augmented=augmented,
        augmented_weight=weight,
        augmented_reward=augmented_reward,
        consumed_history=consume(consumed, augmented),
        propensity=float(counts[action] / counts.sum()),
        history_share=before / longest,
    )


def unique_histories() -> list[list[int]]:
    """The users' training histories without the overlaps of rows."""
    histories: dict[str, list[int]] = {}
    for row in ROWS:
        histories.setdefault(row["user"], []).extend(row["items"][1 if row["start"] > 0 else 0 :])
    return list(histories.values())


def base_reward(row: int, place: int) -> float:
    """Base rewards as of clicks and purchases."""
    return 1.0 if (row + place) % 3 == 0 else 0.25


def padding_of(row: dict) -> list[int]:
    """What the published SASRec has in front of a row, so that its last transition begins at the last place."""
    return [0] * (SHAPE.window - (len(row["items"]) - 1))


def basket_transitions(answers: list[dict], settings: Settings) -> list[tuple[dict, Transition]]:
    """Every action of a basket as if it alone had followed the baskets before it; positions from the end."""
    result = []
    for baskets, following in BASKET_PIECES:
        time_of = [BASKET_TIMES[basket[0][0]][basket[0][1]] for basket in baskets]
        padding = [0] * (SHAPE.window - (len(baskets) - 1))

        def history(known: list[list[int]], request: float | None, time_of: list[float], padding: list[int]) -> History:
            items = [item for basket in known for item in basket]
            numbers = [number for number, basket in enumerate(known) for _ in basket]
            times = [time_of[number] for number in numbers] if settings.timeAttention else None
            return History([*padding, *items], times, request or 0.0, numbers)

        items = [[ROWS[row]["items"][place] for row, place in basket] for basket in baskets]
        times = [*time_of, following]
        for number in range(1, len(baskets)):
            before, own = baskets[number - 1], baskets[number]
            for (row, place), item in zip(own, items[number], strict=True):
                transition = transition_of(
                    base_reward(row, place),
                    answers[row]["transitions"][place - 1],
                    settings,
                    (
                        history(items[:number], times[number], time_of, padding),
                        history(items[: number + 1], times[number + 1], time_of, padding),
                        history(items[:number], times[number], time_of, padding),
                    ),
                    (answers[before[-1][0]]["states"][before[-1][1]], answers[own[-1][0]]["states"][own[-1][1]]),
                    item,
                    times[number + 1] is not None,
                    0,
                )
                result.append(({"row": row, "place": place}, transition))
    return result


def line_transitions(answers: list[dict], settings: Settings, from_end: bool = False) -> list[tuple[dict, Transition]]:
    """All transitions as whole rows give them: a history begins with its row."""
    result = []
    for number, row in enumerate(ROWS):
        items, padding = row["items"], padding_of(row) if from_end else []
        goes_on = any(other["user"] == row["user"] and other["start"] > row["start"] for other in ROWS)
        # The history that a row goes on with begins with the row's last action.
        times = [*TIMES[number], TIMES[number + 1][1] if goes_on else 0]

        def history(length: int, items: list[int] = items, times: list[float] = times, padding: list[int] = padding) -> list[int]:
            known = [*padding, *items[:length]]
            return History(known, times[:length], times[length]) if settings.timeAttention else known

        for place in range(len(items) - 1):
            answer, states = answers[number]["transitions"][place], answers[number]["states"]
            transition = transition_of(
                base_reward(number, place + 1),
                answer,
                settings,
                (history(place + 1), history(place + 2), history(place + 1)),
                (states[place], states[place + 1]),
                items[place + 1],
                goes_on or place + 2 < len(items),
                row["start"] + place + 1,
            )
            result.append(({"row": number, "place": place}, transition))
    return result


def prefix_transitions(answers: list[dict], settings: Settings) -> list[tuple[dict, Transition]]:
    """All actions as single samples: the last `window` items of the whole history, the first action from an empty one."""
    result = []
    for user in dict.fromkeys(row["user"] for row in ROWS):
        actions: list[tuple[int, int, dict | None, list[float], list[float]]] = []
        for number, row in enumerate(ROWS):
            if row["user"] != user:
                continue
            states = answers[number]["states"]
            if row["start"] == 0:
                actions.append((number, 0, None, [0.0] * ENVIRONMENT, states[0]))
            for place in range(1, len(row["items"])):
                answer = answers[number]["transitions"][place - 1]
                actions.append((number, place, answer, states[place - 1], states[place]))
        joined = [ROWS[number]["items"][place] for number, place, *_ in actions]
        for index, (number, place, answer, now, after) in enumerate(actions):
            history = joined[max(0, index - SHAPE.window) : index]
            transition = transition_of(
                base_reward(number, place),
                answer,
                settings,
                (
                    history or [0],
                    joined[max(0, index + 1 - SHAPE.window) : index + 1],
                    history[1:] if len(history) == SHAPE.window else history,
                ),
                (now, after),
                joined[index],
                index + 1 < len(actions),
                index,
            )
            result.append(({"row": number, "place": place}, transition))
    return result


def tensors(parameters: dict[str, np.ndarray], with_gradient: bool) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value.astype(np.float64), requires_grad=with_gradient) for name, value in parameters.items()}


def rounded(values: torch.Tensor | np.ndarray) -> list[float]:
    """Flat, nine significant digits: more than float32 has."""
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype=np.float64).reshape(-1)]


def run_case(
    backbone: str, settings: Settings, sets: tuple[dict[str, np.ndarray], dict[str, np.ndarray]], found: list[tuple[dict, Transition]]
) -> dict:
    """Losses and gradients of one case."""
    main = Network(backbone, SHAPE, tensors(sets[0], True))
    target = Network(backbone, SHAPE, tensors(sets[1], False))
    values = loss(main, target, [transition for _, transition in found], settings)
    values["loss"].backward()
    gradients = {
        name: rounded(parameter.grad.numpy())
        for name, parameter in main.parameters.items()
        if parameter.grad is not None and bool((parameter.grad != 0).any())
    }
    return {
        "settings": {name: value for name, value in asdict(settings).items() if value is not None},
        "transitions": [
            where | {"negatives": t.negatives, "negativeRewards": t.negative_rewards} for where, t in found
        ],
        "losses": {name: float(value.detach()) for name, value in values.items()},
        "gradients": gradients,
    }


def generate(backbone: str) -> dict:
    """The golden file of one backbone."""
    random = np.random.default_rng(sum(map(ord, backbone)))
    answers = draw_answers(random)
    sets = {
        head: tuple(draw_parameters(random, parameter_shapes(backbone, SHAPE, ENVIRONMENT, head)) for _ in range(2))
        for head in ("tied", "separate")
    }
    biases = np.random.default_rng(7)
    for pair in sets.values():
        for one in pair if backbone == "sasrec" else ():
            for block in range(SHAPE.blocks):
                one[f"block_{block}/time_bias"] = biases.normal(size=64).astype(np.float32)
    of_maps = np.random.default_rng(8)
    for pair in sets.values():
        for parameters in pair:
            state = len(parameters["q_head/kernel"][0])
            parameters |= draw_parameters(of_maps, {"state_map": (state, ENVIRONMENT)})
    network = Network(backbone, SHAPE, tensors(sets["tied"][0], False))
    states, branches, logits, from_end, with_time, of_baskets = [], [], [], [], [], []
    for row in ROWS:
        prefixes = [row["items"][: place + 1] for place in range(len(row["items"]))]
        states.append([rounded(network.state(prefix)) for prefix in prefixes])
        branches.append([rounded(network.state([*prefix, 8])) for prefix in prefixes[: SHAPE.window]])
        recent = row["items"][-SHAPE.window :]
        logits.append(rounded(network.logits(network.state(recent))))
        padded = [*[0] * (SHAPE.window - len(recent)), *recent]
        if backbone == "sasrec":
            from_end.append(rounded(network.logits(network.state(padded))))
            times = TIMES[len(from_end) - 1][-SHAPE.window :]
            with_time.append(rounded(network.logits(network.state(History(padded, times, times[-1] + ASKED_AFTER)))))
            times = BASKET_TIMES[len(from_end) - 1][-SHAPE.window :]
            numbers = [sorted(set(times)).index(time) for time in times]
            padded = [*[0] * (SHAPE.window - numbers[-1] - 1), *recent]
            history = History(padded, times, times[-1] + ASKED_AFTER, numbers)
            of_baskets.append(rounded(network.logits(network.state(history))))
    cases = {}
    for name, options in (CASES | FROM_END_CASES | TIME_CASES | BASKET_CASES | PAPER_CASES).items():
        if backbone != "sasrec" and name not in FEW:
            continue
        settings = Settings(**options)
        is_paper = name in PAPER_CASES
        is_baskets = name in BASKET_CASES
        is_from_end = is_baskets or name in FROM_END_CASES or name == "time: supervised"
        if is_baskets:
            found = basket_transitions(answers, settings)
        elif is_paper:
            found = prefix_transitions(answers, settings)
        else:
            found = line_transitions(answers, settings, is_from_end)
        cases[name] = {
            "preset": "paper" if is_paper else "sound",
            "baskets": is_baskets,
            "positionsFrom": "end" if is_from_end else "start",
        } | run_case(backbone, settings, sets["separate" if is_paper else "tied"], found)
    return {
        "shape": asdict(SHAPE),
        "environmentDimension": ENVIRONMENT,
        "rows": [
            row
            | answer
            | {
                "rewards": [base_reward(number, place) for place in range(len(row["items"]))],
                "times": TIMES[number],
                "basketTimes": BASKET_TIMES[number],
            }
            for number, (row, answer) in enumerate(zip(ROWS, answers, strict=True))
        ],
        "parameters": {
            head: [{name: rounded(value) for name, value in one.items()} for one in pair] for head, pair in sets.items()
        },
        "states": states,
        "branchItem": 8,
        "branches": branches,
        "logits": logits,
        "logitsFromEnd": from_end,
        "askedAfter": ASKED_AFTER,
        "logitsWithTime": with_time,
        "logitsOfBaskets": of_baskets,
        "cases": cases,
    }


if __name__ == "__main__":
    folder = Path(__file__).parent / "golden"
    folder.mkdir(exist_ok=True)
    for each in ("sasrec", "gru4rec", "caser", "nextitnet"):
        (folder / f"{each}.golden.json").write_text(json.dumps(generate(each)) + "\n", encoding="utf8")
        print(f"{each}: {len(generate(each)['cases'])} cases")
