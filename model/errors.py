"""The two ways a request can be refused. Both carry a sentence that a page shows as it stands."""


class InputError(ValueError):
    """What was asked for does not fit the model: empty text, an id outside the vocabulary, a head that is not there."""


class CheckpointError(ValueError):
    """A checkpoint cannot be read exactly as it computes; names the file, tensor or key at fault."""
