"""The cache is a value: what one branch reads on never shows in another."""

import torch
from torch import Tensor

from model.cache import LEAST_ROOM, Cache, Rows
from tests.model.builders import PLAIN, ids, random_net, shaped


def some_rows(length: int, value: float, batch: int = 1) -> Tensor:
    return torch.full((batch, 3, length, 4), value)


def test_appending_to_the_newest_prefix_shares_the_buffer() -> None:
    first = Rows().append(some_rows(3, 1.0))
    second = first.append(some_rows(2, 2.0))
    assert second.buffer is first.buffer
    assert second.tensor.data_ptr() == first.tensor.data_ptr()
    assert (first.length, second.length) == (3, 5)
    assert second.tensor[0, 0, :, 0].tolist() == [1, 1, 1, 2, 2]


def test_two_branches_of_one_prefix_never_disturb_each_other() -> None:
    prefix = Rows().append(some_rows(3, 1.0))
    one = prefix.append(some_rows(2, 2.0))
    other = prefix.append(some_rows(1, 3.0)).append(some_rows(1, 4.0))
    longer = one.append(some_rows(1, 5.0))
    assert other.buffer is not one.buffer
    assert one.tensor[0, 0, :, 0].tolist() == [1, 1, 1, 2, 2]
    assert other.tensor[0, 0, :, 0].tolist() == [1, 1, 1, 3, 4]
    assert longer.tensor[0, 0, :, 0].tolist() == [1, 1, 1, 2, 2, 5]
    assert prefix.tensor[0, 0, :, 0].tolist() == [1, 1, 1]


def test_a_full_buffer_is_copied_into_a_larger_one() -> None:
    full = Rows().append(some_rows(LEAST_ROOM // 2, 1.0)).append(some_rows(LEAST_ROOM // 2, 2.0))
    longer = full.append(some_rows(1, 3.0))
    assert longer.buffer is not full.buffer
    assert longer.tensor.shape[2] == LEAST_ROOM + 1
    assert torch.equal(longer.tensor[:, :, :LEAST_ROOM], full.tensor)


def test_selecting_rows_reorders_the_batch_and_cuts_the_tie() -> None:
    rows = Rows().append(torch.arange(3.0).view(3, 1, 1, 1).expand(3, 3, 2, 4))
    chosen = rows.select(torch.tensor([2, 0, 2, 2]))
    assert chosen.tensor[:, 0, 0, 0].tolist() == [2, 0, 2, 2]
    chosen.append(some_rows(1, 9.0, batch=4))
    assert rows.append(some_rows(1, 7.0, batch=3)).tensor[:, 0, 2, 0].tolist() == [7, 7, 7]


def test_a_cache_counts_the_bytes_of_what_was_read_and_not_its_spare_room() -> None:
    config = shaped("encoder-decoder")
    net = random_net(config)
    memory = net.encode(torch.tensor([ids(7)]))
    empty = Cache.empty(config.decoder_layers)
    assert (empty.length, empty.bytes) == (0, 0)
    _, cache = net.advance(torch.tensor([ids(5)]), empty, memory)
    one_row = 2 * config.decoder_layers * config.kv_heads * config.d_head * 4  # k and v, float32
    assert cache.length == 5
    assert cache.bytes == one_row * (5 + 7)
    _, longer = net.advance(torch.tensor([[9]]), cache, memory)
    assert longer.bytes - cache.bytes == one_row


def test_branches_of_a_real_decode_give_what_reading_from_the_start_gives() -> None:
    net = random_net(PLAIN)
    prefix, one, other = ids(4), ids(3, seed=1), ids(2, seed=2)
    _, cache = net.advance(torch.tensor([prefix]), Cache.empty(PLAIN.decoder_layers))
    branches = [net.advance(torch.tensor([more]), cache)[0] for more in (one, other, one)]
    for more, stream in zip((one, other, one), branches, strict=True):
        whole = net.decode(torch.tensor([prefix + more]))
        assert (stream - whole[:, len(prefix) :]).abs().max() < 1e-5


def test_a_selected_cache_reads_on_as_a_batch_of_its_texts() -> None:
    config = shaped("encoder-decoder", "relative")
    net = random_net(config)
    memory = net.encode(torch.tensor([ids(6)]))
    first = torch.tensor([[1, 5], [1, 6], [1, 7]])
    _, cache = net.advance(first, Cache.empty(config.decoder_layers), memory.expand(3, -1, -1))
    order, more = [2, 2, 0], torch.tensor([[8], [9], [10]])
    stream, _ = net.advance(more, cache.select(order), memory)
    whole = net.decode(torch.cat((first[order], more), dim=1), memory.expand(3, -1, -1))
    assert (stream - whole[:, -1:]).abs().max() < 1e-5
