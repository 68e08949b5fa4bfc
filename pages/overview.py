"""How does a sentence become another? The whole story on the text just typed."""

from ui import overview_view, recurrent_story
from ui.runs import runner

run = runner.shown()
overview_view.pieces(run)
stages = (recurrent_story if run.lm.kind == "recurrent" else overview_view).stages(run)
for number, stage in enumerate(stages, start=2):
    overview_view.row(run, number, stage)
if run.steps:
    overview_view.again(run, len(stages) + 2)
