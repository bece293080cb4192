"""Copies, what could not be read, what the work took, and what to know about the numbers."""

from atom_data.charts.bars import Part, bar, spark
from atom_data.charts.text import in_bytes, in_short, percent, seconds, shown
from atom_data.report.course import Course
from atom_data.report.facts import StageFacts
from atom_data.report.page.parts import row, section, table
from atom_data.report.page.rules import chart_figure
from atom_data.report.report import CLUSTERS, Chart, Report
from atom_data.report.summary import Histogram
from atom_data.terminal.table import plural

WIDE, WIDE_OVER_TIME = (3, 5, 7), (2, 5)


def copies(report: Report) -> str:
    """Return the section of copies: how large their clusters are."""
    drawn, none, looked = [], [], [chart for chart in report.charts if chart.measure in CLUSTERS]
    for chart in looked:
        clusters = [one for one in chart.whole.bins if one[0] >= 2]
        count = sum(sum(counts) for *_, counts in clusters)
        if not count:
            none.append(f"<p>{shown(chart.stage)}: no two documents have {CLUSTERS[chart.measure]}.</p>")
            continue
        title = f"Clusters of {CLUSTERS[chart.measure]}"
        made = Histogram(clusters)
        picture = chart_figure(
            Chart(chart.stage, title, f"documents in a cluster, in {chart.stage}", {}, {("", ""): made})
        )
        said = f"{plural(count, 'cluster')} of two documents and more"
        drawn.append(picture.replace(plural(count, "document"), said))
    body = f'<div class="grid">{"".join(drawn)}</div>' if drawn else ""
    body += "".join(none) if looked else "<p>No stage of this run looked for copies.</p>"
    return section(
        "copies", "Copies", "Each cluster counts once. One document of it stays, the others are copies.", body
    )


def unread(report: Report) -> str:
    """Return the section of unreadable records, of those that are something else than documents, and of damaged characters."""
    rows = []
    for stage in report.facts.documents:
        whole = stage.rows_in + stage.unreadable.total()
        for reason, count in sorted(stage.unreadable.items(), key=lambda item: (-item[1], item[0])):
            rows.append(row(reason, [shown(stage.name), f"{count:,}", percent(count, whole)]))
    body = table("Records that could not be read", ("", "stage", "records", "share"), rows) if rows else ""
    body = body or "<p>Every record could be read.</p>"
    rows = [
        row(kind, [shown(stage.name), f"{count:,}"])
        for stage in report.facts.documents
        for kind, count in sorted(stage.skipped.items())
    ]
    if rows:
        kinds = table("By kind", ("", "stage", "records"), rows)
        body += f"<details><summary>Records other than documents</summary>{kinds}</details>"
    damaged = next((chart for chart in report.charts if chart.measure == "replaced_characters"), None)
    if damaged is not None:
        broken = [one for one in damaged.whole.bins if one[1] > 0]
        count = sum(sum(counts) for *_, counts in broken)
        whole = sum(damaged.whole.counts)
        body += (
            f"<h3>Damaged characters</h3><p>{count:,} of {whole:,} documents of {shown(damaged.stage)} "
            f"({percent(count, whole) or '0 %'}) have bytes that the encoding of their page does not know.</p>"
        )
        if broken:
            name = "Replaced characters per document"
            chart = Chart(damaged.stage, name, f"in {damaged.stage}", {}, {("", ""): Histogram(broken)})
            body += f'<div class="grid">{chart_figure(chart)}</div>'
    return section("unread", "What could not be read", "Each such record is a dead letter with its first bytes.", body)


def work(report: Report) -> str:
    """Return the section of what the work took."""
    whole = sum(stage.cpu_seconds for stage in report.stages) or 1.0
    rows = [_work(stage, whole) for stage in report.stages]
    titles = ("", "processor time", "", "shards", "documents per second", "input per second", "memory", "slowest shard")
    body = table("What each step took", ("", "", *titles[1:2], *titles[3:]), rows, WIDE, "work")
    slow = sorted(
        ((taken, stage.name, shard, rows_in) for stage in report.stages for taken, shard, rows_in in stage.slowest),
        reverse=True,
    )[:12]
    lines = [
        row(f"{name}/{shard}", [seconds(taken), *(_some(rows_in, taken) if rows_in else ("", ""))])
        for taken, name, shard, rows_in in slow
    ]
    body += _over_time(report.course)
    body += f"<h3>Slowest shards</h3>{table('The shards that took longest', ('', 'time', 'documents', 'per second'), lines)}"
    lead = "Of all workers together, as receipts have it. Rates are those of one worker."
    return section("work", "Time and memory", lead, body)


def _some(documents: int, taken: float) -> tuple[str, str]:
    return f"{documents:,}", in_short(documents / taken) if taken else ""


def _over_time(course: Course) -> str:
    """Return documents per second over time, a line for each step."""
    if course.fault:
        return f'<h3>Over time</h3><p class="soft">Not known. {shown(course.fault)}</p>'
    rows = [
        row(
            lane.stage,
            [
                spark(lane.rates, f"{lane.stage} over time"),
                seconds(max(lane.began, 0.0)),
                seconds(lane.ended - lane.began),
                in_short(max(lane.rates)),
                f"{lane.at_once:,}",
            ],
            WIDE_OVER_TIME,
        )
        for lane in course.lanes
    ]
    titles = ("", "documents per second", "began after", "took", "at most per second", "shards at once")
    said = f"From {course.began} to {course.ended} UTC, {seconds(course.seconds)} of work"
    if course.pauses:
        said += f", without {plural(len(course.pauses), 'pause')} of {seconds(sum(course.pauses))} in all"
    said += (
        ". By the times at which the files of receipts were last written, and how long each shard took: a shard that was "
        "written again, as by a takedown, stands where that was."
    )
    return f'<h3>Over time</h3><p class="soft">{shown(said)}</p>' + table(
        "Documents per second over time", titles, rows, WIDE_OVER_TIME, "fall"
    )


def _work(stage: StageFacts, whole: float) -> str:
    median = stage.times[len(stage.times) // 2] if stage.times else 0.0
    wall = stage.wall_seconds
    slowest = f"{seconds(stage.times[-1])}, median {seconds(median)}" if stage.times else ""
    cells = [
        bar([Part("kept", stage.cpu_seconds)], whole),
        seconds(stage.cpu_seconds),
        f"{stage.finished:,}",
        in_short(stage.rows_in / wall) if wall else "",
        in_bytes(stage.input_bytes / wall) if wall and stage.input_bytes else "",
        in_bytes(stage.peak_memory_bytes),
        slowest,
    ]
    return row(stage.name, cells, WIDE)


def notes(report: Report) -> str:
    """Return the section of what to know about these numbers."""
    general = [
        "Counts by reason, bytes, tokens, time and memory are those of receipts. Distributions and values are sums of sketches, "
        "one per shard, that were counted while the shard was made.",
        "A histogram has sixteen bins to a doubling. Of a column that splits, a shard has histograms of the six largest values.",
        "Receipts say how long a shard took and not when it was made: what is drawn over time is by the times of their files.",
    ]
    lines = "".join(f"<li>{shown(line)}</li>" for line in [*report.notes, *general])
    return section("notes", "About these numbers", "", f'<ul class="notes">{lines}</ul>')
