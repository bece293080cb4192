"""Passes whose jobs were cleaned, or were stored elsewhere by earlier releases: what a run must know before it starts one.

`status.clean` removes what the jobs of a finished pass made and writes STAGE/cleaned.json. Where the pass has something to
rebuild, that is taken back here, and its jobs are done again as any whose files are lost.
"""

from atom_data.errors import AtomDataError
from atom_data.graph import INNER, Job, in_order, stage_of
from atom_data.runner.plan import Plan, plan_job
from atom_data.runner.recipe import Recipe
from atom_data.storage.receipts import cleaned_path, plan_path
from atom_data.workspace import Workspace


def left_by_earlier_layout(recipe: Recipe, workspace: Workspace) -> list[str]:
    """Return what to say of folders in which earlier releases kept the jobs of a pass: `near-links` for `near/links`.

    They are not used: their receipts name other folders. The columns that are rebuilt are the same, byte for byte, so
    that what reads them stays as it is.
    """
    if workspace.is_remote:
        return []
    names, said = {job.name for job in recipe.jobs}, []
    for stage in dict.fromkeys(map(stage_of, names)):
        inner = [name for name in sorted(names) if stage_of(name) == stage != name]
        old = {name: name.replace(INNER, "-") for name in inner}
        left = [
            old[name] for name in inner if old[name] not in names and workspace.local(plan_path(old[name])).is_file()
        ]
        if left and not any(workspace.local(plan_path(name)).is_file() for name in inner):
            said.append(
                f"{stage}: its jobs are below {stage}/ now. An earlier release made {', '.join(left)}: these are not used, and "
                f"made once more, with the same columns in the end. atom-data clean {workspace.root} --stale removes them"
            )
    return sorted(said)


def cleaned_of(job: Job, workspace: Workspace) -> list[str]:
    """Return which jobs behind that which writes a pass's columns were cleaned."""
    return [one.name for one in _of_the_pass(job) if workspace.is_cleaned(one.name)]


def first_with_work(job: Job, workspace: Workspace, accept_code: bool) -> tuple[Job, Plan | None] | None:
    """Return the first job of a pass that has something to make, and its plan where there can be one; all before is finished."""
    ahead = workspace.apart()
    for one in _of_the_pass(job):
        try:
            plan = plan_job(one, ahead, accept_code)
        except AtomDataError:
            return one, None  # what it reads is not there yet
        if not plan.complete:
            return one, plan
    return None


def bring_back(job: Job, needed: str, workspace: Workspace) -> str:
    """Count what was cleaned of a pass as lost, because the job `needed` has work to do; return what to say about it."""
    cleaned = cleaned_of(job, workspace)
    for folder in cleaned:
        workspace.local(cleaned_path(folder)).unlink(missing_ok=True)
    return (
        f"{job.name}: '{needed}' has something to make, for which the files of {', '.join(cleaned)} are needed again; they "
        "were cleaned, so these jobs are done again"
    )


def _of_the_pass(job: Job) -> list[Job]:
    return [one for one in in_order((job,)) if stage_of(one.name) == job.name]
