import itertools

import torch

from analysis.similarity import cosines, mean_cosines, nearest, projection


def test_cosines_are_one_for_the_same_direction_and_minus_one_for_the_opposite():
    like = cosines(torch.tensor([[1.0, 0.0], [3.0, 0.0], [-2.0, 0.0], [0.0, 5.0]]))
    assert torch.allclose(like[0], torch.tensor([1.0, 1.0, -1.0, 0.0]))


def test_a_vector_of_length_zero_is_like_nothing():
    assert cosines(torch.tensor([[0.0, 0.0], [1.0, 1.0]]))[0].tolist() == [0.0, 0.0]


def test_nearest_leaves_out_the_row_itself_and_sorts_by_cosine():
    table = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [-1.0, 0.0]])
    found = nearest(table[0], table, 2, frozenset({0}))
    assert [row for row, _ in found] == [1, 2]
    assert abs(found[0][1] - 0.9 / (0.82**0.5)) < 1e-6


def test_projection_keeps_distances_of_points_in_a_plane_and_explains_all_their_variance():
    torch.manual_seed(0)
    plane = torch.linalg.qr(torch.randn(6, 2))[0]
    points = torch.randn(9, 2) @ plane.T
    flat = projection(points)
    assert torch.allclose(torch.cdist(flat.points, flat.points), torch.cdist(points, points), atol=1e-4)
    assert abs(sum(flat.explained) - 1) < 1e-6


def test_projection_of_one_vector_is_the_origin():
    flat = projection(torch.ones(1, 4))
    assert flat.points.tolist() == [[0.0, 0.0]]
    assert flat.explained == (0.0, 0.0)


def test_the_mean_cosine_of_blocks_is_that_of_all_their_pairs() -> None:
    torch.manual_seed(0)
    vectors = torch.randn(23, 5)
    marks = [0, 4, 11, 23]
    every, found = cosines(vectors), mean_cosines(vectors, marks)
    for i, j in itertools.product(range(3), repeat=2):
        block = every[marks[i] : marks[i + 1], marks[j] : marks[j + 1]]
        torch.testing.assert_close(found[i, j], block.mean())
