"""Break the code on purpose, one rule at a time, and see that a test notices.

    python tests/mutants.py            # all; a few minutes
    python tests/mutants.py selection  # those whose file or rule has this word

Each mutant is a copy of the tree with one place changed. A mutant that no test notices is a rule that no test holds; it is
printed, and the exit status is 1. A mutant whose place is gone from the code is one too: change it with the code.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
LONGEST_S = 60


class Mutant(NamedTuple):
    rule: str
    file: str
    old: str
    new: str
    test: str


MUTANTS = (
    Mutant(
        "eq. 8 adds beta times the reward",
        "selection/rules.py",
        "made[arm] += beta * reward",
        "made[arm] += beta",
        "test_selection.py",
    ),
    Mutant(
        "a draw hangs on every part",
        "draws.py",
        '"\\x1f".join(str(part) for part in what)',
        '"".join(str(part) for part in what)',
        "test_draws.py",
    ),
    Mutant(
        "eq. 4 compares with the text by itself",
        "grading/difficulty.py",
        "(self.alone - self.after_history)",
        "(self.after_history - self.alone)",
        "test_grading.py",
    ),
    Mutant(
        "negative gaps count as none",
        "grading/difficulty.py",
        "max(0.0, ifd_small - ifd_large)",
        "ifd_small - ifd_large",
        "test_grading.py",
    ),
    Mutant(
        "a win has to survive the swap",
        "grading/quality.py",
        "    if ab != ba:\n        return 0.5\n",
        "",
        "test_grading.py",
    ),
    Mutant(
        "an unread verdict is no tie",
        "grading/quality.py",
        "    if ab is None or ba is None:\n        return None\n",
        "    if ab is None or ba is None:\n        return 0.5\n",
        "test_grading.py",
    ),
    Mutant(
        "a panel needs more than half",
        "grading/quality.py",
        "2 * values.count(value) > len(values)",
        "2 * values.count(value) >= len(values)",
        "test_grading.py",
    ),
    Mutant(
        "a wrong answer is worth nothing",
        "classroom/evaluation.py",
        "if wrong := found_wrong(candidate):",
        "if wrong := None:",
        "test_judge_bias.py",
    ),
    Mutant(
        "the candidate changes places",
        "classroom/evaluation.py",
        'shown if order == "ab" else reversed(shown)',
        "shown",
        "test_judge_bias.py",
    ),
    Mutant(
        "a few gaps are no scale",
        "grading/difficulty.py",
        "if len(found) < MIN_GAPS:",
        "if not found:",
        "test_grading.py",
    ),
    Mutant(
        "two tokenizers are counted by the byte",
        "lesson.py",
        '"token" if all(d.same_tokens for d in found) else "byte"',
        '"token"',
        "test_evaluators.py",
    ),
    Mutant(
        "the scale is of the rounds before",
        "log/tally.py",
        "round < ? AND ifd_small",
        "round <= ? AND ifd_small",
        "test_log_tally.py",
    ),
    Mutant(
        "only complete candidates are selected",
        "grading/composite.py",
        'or episode.status != "complete" or',
        "or",
        "test_grading.py",
    ),
    Mutant(
        "what is asked again is forgotten",
        "classroom/agents.py",
        "if message.id not in cue.withdrawn",
        "",
        "test_classroom.py",
    ),
    Mutant(
        "private facts are granted by phase",
        "classroom/play.py",
        "{name: granted[name] for name in phase.sees}",
        "granted",
        "test_classroom.py",
    ),
    Mutant(
        "a cue goes to its speaker alone",
        "classroom/team.py",
        "topic_id=DefaultTopicId(type=topic)",
        "topic_id=DefaultTopicId(type=self._group_topic_type)",
        "test_classroom.py",
    ),
    Mutant(
        "a speaker cancelled from within does not hang the team",
        "classroom/runtime.py",
        "if error is not None and self.failure is None:",
        "if error is not None and not task.cancelled() and self.failure is None:",
        "test_classroom.py",
    ),
    Mutant(
        "an episode that is over leaves nothing running",
        "classroom/runtime.py",
        "            task.cancel()\n",
        "            pass\n",
        "test_classroom.py",
    ),
    Mutant(
        "the bounded asking again ends",
        "classroom/play.py",
        "self._attempt <= phase.retries",
        "self._attempt <= phase.retries + 1",
        "test_classroom.py",
    ),
    Mutant(
        "a checked failure rejects",
        "classroom/play.py",
        'if failed and phase.on_failure == "reject":',
        "if False:",
        "test_classroom.py",
    ),
    Mutant(
        "an opening question is never the similar one",
        "casting/similar.py",
        "(seed for seed in seeds if not is_opening(seed))",
        "seeds",
        "test_casting.py",
    ),
    Mutant(
        "a question with the same numbers is a copy",
        "casting/similar.py",
        "copy = same_numbers or jaccard > COPIED",
        "copy = jaccard > COPIED",
        "test_casting.py",
    ),
    Mutant(
        "almost the same text is a copy",
        "casting/similar.py",
        "copy = same_numbers or jaccard > COPIED",
        "copy = same_numbers",
        "test_casting.py",
    ),
    Mutant(
        "a text above the band is a copy",
        "casting/similar.py",
        'copy = place == "above" or jaccard',
        "copy = jaccard",
        "test_casting.py",
    ),
    Mutant(
        "the ledger counts every attempt",
        "log/ledger.py",
        "        counts[said, result.name][column] += times\n",
        "        counts[said, result.name][column] = times\n",
        "test_log_ledger.py",
    ),
    Mutant(
        "an attempt that counts was not asked again",
        "log/ledger.py",
        "if result.passed is True or result.attempt == counting:",
        "if result.passed is True:",
        "test_log_ledger.py",
    ),
    Mutant(
        "what is asked again is put down to the first check that failed",
        "log/ledger.py",
        "({_LINES} ORDER BY seq)",
        "({_LINES} ORDER BY name)",
        "test_log_ledger.py",
    ),
    Mutant(
        "a rejection is put down to the check of its reason",
        "log/ledger.py",
        '        counts[said, row["rejected_by"]]["rejected"] += times\n',
        '        counts[said, results[0].name]["rejected"] += times\n',
        "test_log_ledger.py",
    ),
    Mutant(
        "a rejected episode earns nothing",
        "log/tally.py",
        '    if row["status"] == "rejected":\n        return 0.0\n',
        "",
        "test_log_ledger.py",
    ),
    Mutant(
        "the vote is of the first attempt",
        "log/ledger.py",
        "AND f.attempt = 1 AND",
        "AND f.attempt = 2 AND",
        "test_log_ledger.py",
    ),
    Mutant(
        "a conclusion against the majority fails",
        "checks/majority.py",
        '    return CheckFinding(passed=False, detail=f"says {concluded}',
        '    return CheckFinding(passed=True, detail=f"says {concluded}',
        "test_majority.py",
    ),
    Mutant(
        "a majority is more than half",
        "checks/majority.py",
        "if votes >= 2 and 2 * votes > len(read):",
        "if votes >= 1:",
        "test_majority.py",
    ),
    Mutant(
        "no majority makes a wrong conclusion right",
        "checks/majority.py",
        '{"right": True, "wrong": False}.get(told[-1])',
        '{"right": True}.get(told[-1])',
        "test_majority.py",
    ),
    Mutant(
        "first answers vote",
        "checks/majority.py",
        "if role not in found or (stated",
        "if True or (stated",
        "test_majority.py",
    ),
    Mutant(
        "base pairs take turns",
        "casting/casts.py",
        "pool.base_pairs[position % len(pool.base_pairs)]",
        "pool.base_pairs[0]",
        "test_casting.py",
    ),
    Mutant(
        "templates call nothing",
        "prompts.py",
        "        return False\n",
        "        return True\n",
        "test_prompts.py",
    ),
    Mutant(
        "aliases may not explode",
        "yaml_files.py",
        "(total := size(node, 0)) > MAX_NODES",
        "(total := size(node, 0)) > MAX_NODES**9",
        "test_yaml_files.py",
    ),
    Mutant(
        "a resumed run asks for nothing it has",
        "pipeline/rounds.py",
        "recorded = self._recorded if self._resumed else lambda owner: ()",
        "recorded = lambda owner: ()  # noqa: E731",
        "test_pipeline.py",
    ),
    Mutant(
        "selection reads the round before",
        "pipeline/rounds.py",
        "self._log.record_selections(",
        "len(",
        "test_pipeline.py",
    ),
    Mutant(
        "Retry-After is heeded",
        "models/attempts.py",
        "        if error.retry_after is not None:\n",
        "        if False:\n",
        "test_models_recorded.py",
    ),
    Mutant(
        "a call that waits for its retry holds no slot",
        "models/http.py",
        "                if _overloaded(error):\n",
        "                await asyncio.sleep(error.retry_after or 0)\n                if _overloaded(error):\n",
        "test_models_attempts.py",
    ),
    Mutant(
        "a single 429 does not lower the calls in flight",
        "models/throttle.py",
        "sum(self._refused) >= BURST",
        "sum(self._refused) >= 1",
        "test_models_throttle.py",
    ),
    Mutant(
        "one burst halves the level once",
        "models/throttle.py",
        "        self._generation += 1\n",
        "",
        "test_models_throttle.py",
    ),
    Mutant(
        "the deadline is of the whole reply, not of the next byte",
        "models/http.py",
        "            async with asyncio.timeout(self._limits.timeout_s):\n                content_type, raw",
        "            (await self._session_here())._timeout = aiohttp.ClientTimeout(sock_read=self._limits.timeout_s)\n"
        "            async with asyncio.timeout(None):\n                content_type, raw",
        "test_models_http.py",
    ),
    Mutant(
        "a dead endpoint's agents are not cast",
        "casting/standins.py",
        "    if not out:\n",
        "    if True:\n",
        "test_pipeline_outages.py",
    ),
    Mutant(
        "a dead endpoint is not asked",
        "models/http.py",
        "self._health.dead is not None and (why",
        "False and (why",
        "test_models_http.py",
    ),
    Mutant(
        "a refused key ends the run",
        "models/attempts.py",
        'if error.kind == "setup":',
        'if error.kind == "script":',
        "test_models_attempts.py",
    ),
    Mutant(
        "a planted mistake does not lead to the answer",
        "wording/malrules.py",
        "value_of(wrong.final) != right and (right not in said or right in task.given)",
        "True",
        "test_wording_malrules.py",
    ),
    Mutant(
        "there are no half people",
        "wording/malrules.py",
        "if _broken(sentence) and _counted(sentence) not in broken:",
        "if False:",
        "test_wording_malrules.py",
    ),
    Mutant(
        "what comes after a mistake follows from it",
        "wording/carry.py",
        "changed = {**changed, s.value: result}",
        "changed = dict(changed)",
        "test_wording_malrules.py",
    ),
    Mutant(
        "a value with two meanings is not carried on",
        "wording/carry.py",
        "if any(value in task.given or results.count(value) > 1 for value in changed):",
        "if False:",
        "test_wording_malrules.py",
    ),
    Mutant(
        "twice a week is not twice as many",
        "wording/meaning_rules.py",
        'rf"(?i)(?:{said})\\s+{_COMPARED}\\b"',
        'rf"(?i)(?:{said})"',
        "test_wording_malrules.py",
    ),
    Mutant(
        "an unconverted amount comes without what converts it",
        "wording/meaning_rules.py",
        "without(_untold(task, known), step, amount",
        "without(task, step, amount",
        "test_wording_malrules.py",
    ),
    Mutant(
        "only the chosen misconceptions are planted",
        "wording/mistakes.py",
        "if name in among}",
        "if name}",
        "test_wording_script.py",
    ),
    Mutant(
        "an own error is of the chosen misconceptions too",
        "wording/gate.py",
        'if among is not None and not right and notes["misconception"] not in among:',
        "if False:",
        "test_wording_script.py",
    ),
    Mutant(
        "who finds no second mistake doubts",
        "wording/debate.py",
        "(certain(known) or wrong is None)",
        "certain(known)",
        "test_wording_debate.py",
    ),
    Mutant(
        "a percent sign is a hundredth",
        "wording/worked.py",
        'return value / 100 if text.endswith("%") else value',
        "return value",
        "test_wording_worked.py",
    ),
)


def _survives(mutant: Mutant, folder: Path) -> str | None:
    """Why the mutant counts as one that no test noticed; None if one did."""
    tree = folder / "tree"
    shutil.copytree(
        ROOT, tree, ignore=shutil.ignore_patterns(".*", "outputs", "__pycache__", "*.egg-info"), symlinks=True
    )
    path = tree / "master_autogen" / mutant.file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if text.count(mutant.old) != 1:
        return f"its place stands {text.count(mutant.old)} times in {mutant.file}"
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", f"tests/{mutant.test}"]
    try:
        done = subprocess.run(
            command, cwd=tree, env=_environment(tree), capture_output=True, text=True, check=False, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return None  # a test that hangs has noticed
    if done.returncode == 1:
        return None
    return f"{mutant.test} passes" if done.returncode == 0 else f"{mutant.test} cannot run: {done.stdout[-300:]}"


def _environment(tree: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def main(words: list[str]) -> int:
    chosen = [m for m in MUTANTS if all(word in f"{m.rule} {m.file}" for word in words)]
    survivors = 0
    for mutant in chosen:
        with tempfile.TemporaryDirectory() as folder:
            why = _survives(mutant, Path(folder))
        survivors += why is not None
        print(
            f"{'SURVIVES' if why else 'noticed '}  {mutant.file}: {mutant.rule}{f' ({why})' if why else ''}", flush=True
        )
    print(f"{len(chosen) - survivors} of {len(chosen)} mutants noticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
