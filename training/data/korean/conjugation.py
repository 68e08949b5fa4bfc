"""Forms of Korean verbs and adjectives, from the stem and its kind of irregularity.

Vowel harmony and contraction are covered, and ㅂ, ㄷ, ㅅ, ㅎ and 르 irregulars, which the lexicon marks. Stems in ㅡ and ㄹ
and 하다 are recognised by their spelling. 러 irregulars (이르다, 푸르다) and 우 (푸다) are not covered.
"""

from dataclasses import dataclass
from typing import Literal

from training.data.korean.hangul import final, vowel, with_final, with_vowel

Irregular = Literal["-", "ㅂ", "ㄷ", "ㅅ", "ㅎ", "르"]
Kind = Literal["verb", "adjective", "existence", "past"]
Level = Literal["formal", "polite", "plain", "casual"]
LEVELS: tuple[Level, ...] = ("formal", "polite", "plain", "casual")

CONTRACTIONS = {
    "ㅏ": "ㅏ",
    "ㅓ": "ㅓ",
    "ㅐ": "ㅐ",
    "ㅔ": "ㅔ",
    "ㅕ": "ㅕ",
    "ㅗ": "ㅘ",
    "ㅜ": "ㅝ",
    "ㅣ": "ㅕ",
    "ㅚ": "ㅙ",
}
"""The vowel of an open stem after -아 or -어 is added. Stems with other vowels get a syllable 어: 쉬어."""
WITH_H = {"ㅏ": "ㅐ", "ㅓ": "ㅐ", "ㅑ": "ㅒ"}
"""The vowel of a stem in ㅎ after -아 or -어 is added: 파랗다, 파래."""


@dataclass(frozen=True)
class Predicate:
    """A stem: 먹 of 먹다. A stem of kind "past" ends in ㅆ, such as 먹었, and has the endings of an adjective."""

    stem: str
    kind: Kind
    irregular: Irregular = "-"


def predicate(dictionary_form: str, irregular: Irregular, kind: Kind) -> Predicate:
    """The stem of a dictionary form, which ends in 다."""
    if not dictionary_form.endswith("다"):
        raise ValueError(f"{dictionary_form} does not end in 다")
    stem = dictionary_form[:-1]
    return Predicate(stem, "existence" if stem.endswith(("있", "없")) and kind == "adjective" else kind, irregular)


def bright(syllable: str) -> bool:
    """Whether a syllable is followed by 아 rather than 어."""
    return vowel(syllable) in "ㅏㅑㅗ"


def infinitive(p: Predicate) -> str:
    """The form in -아 or -어, from which polite, casual and past forms are made: 먹어, 가, 해, 추워, 몰라."""
    stem = p.stem
    if stem.endswith("하") and p.irregular == "-":
        return stem[:-1] + "해"
    if p.irregular == "르":
        before = stem[:-1]
        return with_final(before, "ㄹ") + ("라" if bright(before) else "러")
    if p.irregular == "ㅂ":
        return with_final(stem, "") + ("와" if stem in ("돕", "곱") else "워")
    if p.irregular == "ㅎ":
        return with_vowel(stem, WITH_H[vowel(stem)])
    if p.irregular in ("ㄷ", "ㅅ"):
        changed = with_final(stem, "ㄹ" if p.irregular == "ㄷ" else "")
        return changed + ("아" if bright(stem) else "어")
    if final(stem):
        return stem + ("아" if bright(stem) and final(stem) != "ㅆ" else "어")  # 갔어, whatever the vowel
    if vowel(stem) == "ㅡ":
        return with_vowel(stem, "ㅏ" if len(stem) > 1 and bright(stem[:-1]) else "ㅓ")
    contracted = CONTRACTIONS.get(vowel(stem))
    return with_vowel(stem, contracted) if contracted else stem + "어"


def open_stem(p: Predicate) -> str:
    """The stem before an ending in -(으): 먹으, 가, 추우, 들으, 나으, 파라; 살 keeps its ㄹ."""
    changed = {"ㅂ": ("", "우"), "ㄷ": ("ㄹ", "으"), "ㅅ": ("", "으"), "ㅎ": ("", "")}
    if p.irregular in changed:
        consonant, added = changed[p.irregular]
        return with_final(p.stem, consonant) + added
    return p.stem + ("으" if final(p.stem) not in ("", "ㄹ") else "")


def closed(p: Predicate, consonant: str) -> str:
    """`open_stem` with a final consonant, which replaces ㄹ: 갑, 먹읍, 삽."""
    return with_final(open_stem(p), consonant)


def without_l(stem: str) -> str:
    """The stem before ㄴ, ㅂ or ㅅ, where ㄹ is dropped: 사 of 살."""
    return with_final(stem, "") if final(stem) == "ㄹ" else stem


def past(p: Predicate) -> Predicate:
    """The past stem: 먹었, 갔, 했."""
    return Predicate(with_final(infinitive(p), "ㅆ"), "past")


def formal_stem(p: Predicate) -> str:
    """The form before -니다 and -니까: 먹습, 갑, 삽."""
    return p.stem + "습" if final(p.stem) not in ("", "ㄹ") else with_final(p.stem, "ㅂ")


def statement(p: Predicate, level: Level) -> str:
    """A statement: 먹습니다, 먹어요, 먹는다, 먹어."""
    if level == "formal":
        return formal_stem(p) + "니다"
    if level in ("polite", "casual"):
        return infinitive(p) + ("요" if level == "polite" else "")
    if p.kind != "verb":
        return p.stem + "다"
    return (p.stem + "는" if final(p.stem) not in ("", "ㄹ") else with_final(p.stem, "ㄴ")) + "다"


def question(p: Predicate, level: Level) -> str:
    """A question without the question mark: 먹습니까, 먹어요, 먹니, 먹어."""
    if level == "formal":
        return formal_stem(p) + "니까"
    return without_l(p.stem) + "니" if level == "plain" else statement(p, level)


def modifier(p: Predicate) -> str:
    """The present form before a noun: 먹는, 사는, 큰, 작은, 추운, 재미있는."""
    return without_l(p.stem) + "는" if p.kind in ("verb", "existence") else closed(p, "ㄴ")


def request(p: Predicate, level: Level) -> str:
    """A request: 가십시오, 가세요, 가라, 가."""
    if level == "formal":
        return without_l(open_stem(p)) + "십시오"
    if level == "polite":
        return without_l(open_stem(p)) + "세요"
    return infinitive(p) + ("라" if level == "plain" else "")


def proposal(p: Predicate, level: Level) -> str:
    """A proposal (let us): 갑시다, 가요, 가자, 가자."""
    if level == "formal":
        return closed(p, "ㅂ") + "시다"
    return infinitive(p) + "요" if level == "polite" else p.stem + "자"


def copula(noun: str, level: Level, *, asked: bool = False, was: bool = False) -> str:
    """A noun with 이다: 학생입니다, 의사예요, 학생이다, 의사야; 학생이었습니다, 의사였어요."""
    ends_open = final(noun) == ""
    if was:
        p = Predicate(noun + ("였" if ends_open else "이었"), "past")
        return question(p, level) if asked else statement(p, level)
    if level == "formal":
        return noun + ("입니까" if asked else "입니다")
    if level == "plain":
        return noun + ("이니" if asked and not ends_open else "니" if asked else "이다")
    if level == "polite":
        return noun + ("예요" if ends_open else "이에요")
    return noun + ("야" if ends_open else "이야")


def not_copula(level: Level, *, asked: bool = False, was: bool = False) -> str:
    """아니다, after a noun with 이 or 가: 아닙니다, 아니에요, 아니다, 아니야; 아니었습니다."""
    if was:
        p = Predicate("아니었", "past")
        return question(p, level) if asked else statement(p, level)
    if level in ("polite", "casual"):
        return "아니에요" if level == "polite" else "아니야"
    return (
        question(Predicate("아니", "adjective"), level) if asked else statement(Predicate("아니", "adjective"), level)
    )


def future(p: Predicate, level: Level, *, asked: bool = False) -> str:
    """The future: 먹을 것입니다, 먹을 거예요, 먹을 것이다, 먹을 거야."""
    if level in ("polite", "casual"):
        return closed(p, "ㄹ") + " " + copula("거", level, asked=asked)
    if level == "plain" and asked:
        return closed(p, "ㄹ") + " 거니"
    return closed(p, "ㄹ") + " " + copula("것", level, asked=asked)


def negated(p: Predicate) -> Predicate:
    """The negated stem, with -지 않다: 먹지 않, 크지 않."""
    return Predicate(p.stem + "지 않", "verb" if p.kind == "verb" else "adjective")


def wanted(p: Predicate) -> Predicate:
    """To want to, with -고 싶다, which is an adjective: 먹고 싶."""
    return Predicate(p.stem + "고 싶", "adjective")


def going_on(p: Predicate) -> Predicate:
    """The progressive, with -고 있다, which has no -는 in the plain present: 먹고 있."""
    return Predicate(p.stem + "고 있", "existence")


def possible(p: Predicate, *, negative: bool = False) -> Predicate:
    """Can or cannot, with -(으)ㄹ 수 있다 or 없다: 먹을 수 있."""
    return Predicate(closed(p, "ㄹ") + " 수 " + ("없" if negative else "있"), "existence")


def necessary(p: Predicate) -> Predicate:
    """Must, with -아야 하다 or -어야 하다: 먹어야 하."""
    return Predicate(infinitive(p) + "야 하", "verb")
