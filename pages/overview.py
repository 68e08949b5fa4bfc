"""How does a sentence become another? The whole story on the text just typed."""

from ui.overview import page, recurrent
from ui.runs import runner

run = runner.shown()
page.draw_pieces(run)
stages = (recurrent if run.lm.kind == "recurrent" else page).stages(run)
for number, stage in enumerate(stages, start=2):
    page.draw_stage(run, number, stage)
if run.steps:
    page.draw_written(run, len(stages) + 2)
