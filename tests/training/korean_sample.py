"""A few Korean-English pairs, often enough to learn a tokenizer from."""

from training.data.korean_pairs import Pair

PAIRS = (
    Pair("나는 책을 읽는다.", "I read a book."),
    Pair("그는 학교에 갑니까?", "Does he go to school?"),
    Pair("톰은 도서관에서 일해요.", "Tom works at the library."),
    Pair("기계 학습은 재미있다.", "Machine learning is interesting."),
) * 40
