"""Every kind of irregular stem with every ending that is used."""

import pytest

from training.data.korean.conjugation import (
    Irregular,
    Kind,
    Level,
    copula,
    future,
    going_on,
    infinitive,
    modifier,
    necessary,
    negated,
    not_copula,
    past,
    possible,
    predicate,
    proposal,
    question,
    request,
    statement,
    wanted,
)

TABLE = """
먹다 - verb 먹습니다 먹어요 먹는다 먹었어요 먹을 먹는
가다 - verb 갑니다 가요 간다 갔어요 갈 가는
오다 - verb 옵니다 와요 온다 왔어요 올 오는
보내다 - verb 보냅니다 보내요 보낸다 보냈어요 보낼 보내는
배우다 - verb 배웁니다 배워요 배운다 배웠어요 배울 배우는
마시다 - verb 마십니다 마셔요 마신다 마셨어요 마실 마시는
쉬다 - verb 쉽니다 쉬어요 쉰다 쉬었어요 쉴 쉬는
켜다 - verb 켭니다 켜요 켠다 켰어요 켤 켜는
공부하다 - verb 공부합니다 공부해요 공부한다 공부했어요 공부할 공부하는
살다 - verb 삽니다 살아요 산다 살았어요 살 사는
만들다 - verb 만듭니다 만들어요 만든다 만들었어요 만들 만드는
쓰다 - verb 씁니다 써요 쓴다 썼어요 쓸 쓰는
돕다 ㅂ verb 돕습니다 도와요 돕는다 도왔어요 도울 돕는
눕다 ㅂ verb 눕습니다 누워요 눕는다 누웠어요 누울 눕는
입다 - verb 입습니다 입어요 입는다 입었어요 입을 입는
듣다 ㄷ verb 듣습니다 들어요 듣는다 들었어요 들을 듣는
걷다 ㄷ verb 걷습니다 걸어요 걷는다 걸었어요 걸을 걷는
닫다 - verb 닫습니다 닫아요 닫는다 닫았어요 닫을 닫는
짓다 ㅅ verb 짓습니다 지어요 짓는다 지었어요 지을 짓는
씻다 - verb 씻습니다 씻어요 씻는다 씻었어요 씻을 씻는
부르다 르 verb 부릅니다 불러요 부른다 불렀어요 부를 부르는
모르다 르 verb 모릅니다 몰라요 모른다 몰랐어요 모를 모르는
바쁘다 - adjective 바쁩니다 바빠요 바쁘다 바빴어요 바쁠 바쁜
예쁘다 - adjective 예쁩니다 예뻐요 예쁘다 예뻤어요 예쁠 예쁜
크다 - adjective 큽니다 커요 크다 컸어요 클 큰
작다 - adjective 작습니다 작아요 작다 작았어요 작을 작은
길다 - adjective 깁니다 길어요 길다 길었어요 길 긴
춥다 ㅂ adjective 춥습니다 추워요 춥다 추웠어요 추울 추운
새롭다 ㅂ adjective 새롭습니다 새로워요 새롭다 새로웠어요 새로울 새로운
파랗다 ㅎ adjective 파랗습니다 파래요 파랗다 파랬어요 파랄 파란
하얗다 ㅎ adjective 하얗습니다 하얘요 하얗다 하얬어요 하얄 하얀
좋다 - adjective 좋습니다 좋아요 좋다 좋았어요 좋을 좋은
빠르다 르 adjective 빠릅니다 빨라요 빠르다 빨랐어요 빠를 빠른
게으르다 르 adjective 게으릅니다 게을러요 게으르다 게을렀어요 게으를 게으른
재미있다 - adjective 재미있습니다 재미있어요 재미있다 재미있었어요 재미있을 재미있는
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_a_stem_takes_its_endings(line: str) -> None:
    base, irregular, kind, formal, polite, plain, was, will, before_noun = line.split(" ")
    p = predicate(base, irregular, kind)  # type: ignore[arg-type]
    assert statement(p, "formal") == formal
    assert statement(p, "polite") == polite
    assert statement(p, "plain") == plain
    assert statement(p, "casual") == polite.removesuffix("요")
    assert statement(past(p), "polite") == was
    assert future(p, "polite") == f"{will} 거예요"
    assert modifier(p) == before_noun


@pytest.mark.parametrize(
    ("base", "irregular", "expected"),
    [
        ("살다", "-", ["삽니까", "살아요", "사니", "살아"]),
        ("듣다", "ㄷ", ["듣습니까", "들어요", "듣니", "들어"]),
        ("가다", "-", ["갑니까", "가요", "가니", "가"]),
    ],
)
def test_a_verb_asks(base: str, irregular: Irregular, expected: list[str]) -> None:
    levels: tuple[Level, ...] = ("formal", "polite", "plain", "casual")
    assert [question(predicate(base, irregular, "verb"), level) for level in levels] == expected


def test_auxiliaries_are_conjugated_as_verbs_or_adjectives() -> None:
    eat, big = predicate("먹다", "-", "verb"), predicate("크다", "-", "adjective")
    assert statement(negated(eat), "plain") == "먹지 않는다"
    assert statement(negated(big), "plain") == "크지 않다"
    assert statement(past(negated(eat)), "polite") == "먹지 않았어요"
    assert statement(wanted(eat), "polite") == "먹고 싶어요"
    assert statement(going_on(eat), "plain") == "먹고 있다"
    assert statement(possible(eat, negative=True), "formal") == "먹을 수 없습니다"
    assert statement(necessary(eat), "plain") == "먹어야 한다"
    assert statement(past(necessary(eat)), "casual") == "먹어야 했어"


@pytest.mark.parametrize(
    ("base", "irregular", "please", "let_us"),
    [
        ("가다", "-", "가세요", "갑시다"),
        ("만들다", "-", "만드세요", "만듭시다"),
        ("듣다", "ㄷ", "들으세요", "들읍시다"),
    ],
)
def test_a_verb_asks_somebody_to(base: str, irregular: Irregular, please: str, let_us: str) -> None:
    p = predicate(base, irregular, "verb")
    assert (request(p, "polite"), proposal(p, "formal")) == (please, let_us)


def test_a_noun_with_the_copula_depends_on_its_last_letter() -> None:
    assert [copula("학생", level) for level in ("formal", "polite", "plain", "casual")] == [
        "학생입니다",
        "학생이에요",
        "학생이다",
        "학생이야",
    ]
    assert [copula("의사", level) for level in ("polite", "casual")] == ["의사예요", "의사야"]
    assert copula("학생", "formal", was=True) == "학생이었습니다"
    assert copula("의사", "polite", was=True) == "의사였어요"
    assert copula("학생", "formal", asked=True) == "학생입니까"
    assert not_copula("polite") == "아니에요"
    assert not_copula("plain", asked=True) == "아니니"
    assert not_copula("casual", was=True) == "아니었어"


def test_a_word_that_is_no_dictionary_form_is_refused() -> None:
    with pytest.raises(ValueError, match="does not end in 다"):
        predicate("먹어요", "-", "verb")


def test_a_stem_in_two_consonants_of_the_past_takes_eo_whatever_its_vowel() -> None:
    kinds: tuple[Kind, ...] = ("verb", "adjective")
    for kind in kinds:
        assert infinitive(past(predicate("가다", "-", kind))) == "갔어"
