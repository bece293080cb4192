"""What a stage kept beside what its recipe expects, and what usually makes the difference."""

from atom_data.status.status import JobStatus

FEWEST = 500
"""Documents read from which on a share says something."""
LESS = (
    "Usual causes: pages of another kind or language than the recipe is for, another extraction, a list, model or tokenizer that "
    "is not the one meant, text that was filtered or deduplicated for something else before."
)
MORE = (
    "Usual causes: input that this recipe or one like it has filtered or deduplicated already, a step or list left out, a model "
    "whose scores mean something else."
)


def yields(status: JobStatus) -> list[str]:
    """Return a line where a finished stage kept another share of its documents than its recipe expects; else nothing."""
    read, kept = status.sums["rows_in"], status.sums["rows_out"]
    if status.expects is None or read < FEWEST or status.finished < status.shards:
        return []
    low, high = status.expects
    share = kept / read
    if low <= share <= high:
        return []
    reasons = ", ".join(f"{reason} {count / read:.1%}" for reason, count in status.dropped.most_common(2))
    most = f" Most went for {reasons}." if reasons and share < low else ""
    return [
        f"{status.name}: kept {share:.1%} of {read:,} documents; the recipe expects {low:.0%} to {high:.0%}.{most} "
        f"{LESS if share < low else MORE}"
    ]
