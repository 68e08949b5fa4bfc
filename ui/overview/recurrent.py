"""The stages of a recurrent model, which has a state and no attention."""

from ui.figures import array
from ui.overview import stage_figures, words
from ui.overview.stage_figures import StageFigure
from ui.overview.story import Link, Stage, embeddings_link, logits_link
from ui.runs.store import Run


def last_output(run: Run) -> StageFigure:
    """A figure of the last layer's output, a row for each token."""
    return stage_figures.vectors(run, run.trace.final, stage_figures.labels(run, "decoder"), "the last layer's output")


def change(run: Run) -> float:
    """The cosine between the last layer's outputs at the last two tokens; 1 where there is one token."""
    rows = array(run.trace.final)
    if len(rows) < 2:
        return 1.0
    before, now = rows[-2], rows[-1]
    size = float((before @ before) ** 0.5 * (now @ now) ** 0.5)
    return float(before @ now) / size if size else 1.0


def stages(run: Run) -> list[Stage]:
    """The stages of a recurrent model in order, without the pieces."""
    config = run.lm.config
    story = [
        Stage(
            "Embedding",
            f"Each id picks a learned vector of {config.d_model} values. Nothing is added for its place.",
            words.HELP["embedding"],
            stage_figures.embedding,
            embeddings_link(run, "Embeddings, neighbours, map"),
        ),
        Stage(
            "One token after another",
            f"{config.decoder_layers} layers of {config.d_model} cells read in turn. At each token learned gates decide what a "
            "cell forgets, what is written into it and what it shows. Here: the length (L2 norm) of each token's vector, layer by "
            "layer, counted from 0.",
            words.HELP["norms"],
            stage_figures.vector_lengths,
            Link("pages/models.py", "How a layer is built"),
        ),
        Stage(
            "What is carried on",
            f"The last layer's output after each token, {config.d_model} values: all that the prediction reads. The model cannot "
            f"attend to earlier tokens. Between the last two tokens its cosine is {change(run):.2f}.",
            words.HELP["output"],
            last_output,
            Link("pages/architectures.py", "How long a token still counts"),
        ),
    ]
    if config.head != "none":
        story.append(
            Stage(
                "Logits and softmax",
                words.first_token(run),
                words.HELP["logits"],
                stage_figures.softmax,
                logits_link(run, "Every position, any temperature"),
            )
        )
    return story
