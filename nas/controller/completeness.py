"""Completeness check: nothing is left to do for a study that is finished for its definition and has all its files."""

from collections.abc import Sequence

from nas.artifacts.recorded_files import owes
from nas.config import StudyConfig
from nas.events import Noticed
from nas.reasons import search_ended
from nas.storage import Artifact, StudyRecord
from nas.study_file.as_json import from_json
from nas.study_file.changes import IDLE, difference


def complete(record: StudyRecord, config: StudyConfig, artifacts: Sequence[Artifact]) -> bool:
    """Return whether a study is finished, has all its files, and its definition asks for no more than when it was."""
    if record.state != "FINISHED" or record.holder is not None:
        return False
    if config.final.seeds and not record.result.get("test"):
        return False  # its retrainings were lost: they get another chance
    changed = {change.path.partition(".")[0] for change in difference(from_json(record.config), config)}
    return changed <= set(IDLE) and not owes(record, config, artifacts)


def notice(record: StudyRecord, config: StudyConfig) -> Noticed:
    """Return the notice that nothing is done, why, and how to have more done."""
    reason = str(record.result.get("reason", ""))
    more = _more(reason, config)
    going_on = f"go on with: nas resume {config.name} {more}" if more else "every candidate of its space was tried"
    return Noticed(
        f"study {config.name!r} is finished ({search_ended(reason)}) and left as it is; {going_on}; "
        "or begin another: nas run FILE --name NAME"
    )


def _more(reason: str, config: StudyConfig) -> str:
    """Write the option that raises the part of the budget which ended the study, doubled where it can be."""
    budget = config.budget
    return {
        "trials": f"--trials {2 * budget.trials}",
        "time": f"--time {2 * budget.seconds:g}s",
        "epochs": f"--set budget.total_epochs={2 * budget.total_epochs}",
        "patience": f"--set budget.patience={2 * budget.patience}",
        "target": "--set budget.target=VALUE",
        "space": "",
    }.get(reason, "--trials N")
