"""How a matrix lies in memory. A step of a decode multiplies one row by every matrix of the model, and how long that takes
is how quickly the matrix is read."""

import torch
from torch import nn

from model.network import Network

LONGEST_ROW = 2048


def lay_out(net: Network) -> None:
    """Has the wide matrices of a net whose parameters hold nothing yet lie column by column; their values and shapes stay.

    A linear map of one row is a dot product with each row of its matrix, or a sum of its columns, as it lies. Of a
    matrix with more rows than columns, such as an output head, the columns are the longer: summing them takes 0.6 to 0.75 of
    the time at 256 and 768 columns and about as long from 2,048 on (float32, one thread of an
    EPYC). GPT-2's own files lie this way. Nothing is done elsewhere: what other devices prefer was not measured.
    """
    for module in net.modules():
        if isinstance(module, nn.Linear) and _wide(module.weight):
            rows, columns = module.weight.shape
            module.weight.data = module.weight.new_empty(columns, rows).t()  # in place: a tied table stays tied


def _wide(matrix: torch.Tensor) -> bool:
    rows, columns = matrix.shape
    return matrix.device.type == "cpu" and matrix.dtype == torch.float32 and columns < rows and columns <= LONGEST_ROW
