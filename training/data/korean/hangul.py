"""The parts of a Hangul syllable: first consonant, vowel and final consonant (Unicode, section 3.12)."""

FIRST = 0xAC00
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")


def is_syllable(character: str) -> bool:
    """Whether a character is a whole syllable."""
    return "가" <= character <= "힣"


def final(text: str) -> str:
    """The final consonant of the last syllable, or "" if it ends in a vowel. Raises ValueError if it is no syllable."""
    if not text or not is_syllable(text[-1]):
        raise ValueError(f"'{text}' does not end in a syllable of Hangul")
    return FINALS[(ord(text[-1]) - FIRST) % len(FINALS)]


def vowel(text: str) -> str:
    """The vowel of the last syllable."""
    return VOWELS[(ord(text[-1]) - FIRST) // len(FINALS) % len(VOWELS)]


def with_final(text: str, consonant: str) -> str:
    """The text with this final consonant in its last syllable; "" removes it."""
    number = ord(text[-1]) - FIRST
    return text[:-1] + chr(FIRST + number - number % len(FINALS) + FINALS.index(consonant))


def with_vowel(text: str, new: str) -> str:
    """The text with this vowel in its last syllable and no final consonant."""
    first = (ord(text[-1]) - FIRST) // (len(VOWELS) * len(FINALS))
    return text[:-1] + chr(FIRST + (first * len(VOWELS) + VOWELS.index(new)) * len(FINALS))
