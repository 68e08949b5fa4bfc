"""How does a sentence become another? The whole story on the text just typed."""

from ui.overview import page, recurrent, story
from ui.runs import runner

run = runner.shown()
page.draw_pieces(run)
stages = recurrent.stages(run) if run.lm.kind == "recurrent" else story.stages(run)
for number, stage in enumerate(stages, start=2):
    page.draw_stage(run, number, stage)
if run.steps:
    page.draw_written(run, len(stages) + 2)
