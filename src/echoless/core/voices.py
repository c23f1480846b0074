"""The premade voices, as one table.

Each row is a voice of the embedded engine: a language or accent, a variant of the throat, and three numbers of
delivery. The first block answers to the ids of the default voices that programs in the field name; they are our
own voices, alike in gender, age and use where the engine can be, with the accent that is really heard.
source: the wire contract's voice ids; espeak-ng 1.52 languages and variants.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from echoless.core.languages import LANGUAGE_BY_CODE


@dataclass(frozen=True, slots=True)
class CatalogueVoice:
    """One premade voice.

    catalogue_id:     20 characters, the wire's `voice_id`
    engine_name:      accent and variant in the engine's words, for example `en-us+f3`
    language:         ISO 639-1
    pitch:            0 to 99, 50 is the variant's own
    pitch_range:      0 to 99, 0 is monotone
    words_per_minute: at speed 1.0
    """

    catalogue_id: str
    name: str
    engine_name: str
    language: str
    pitch: int
    pitch_range: int
    words_per_minute: int
    gender: str
    age: str
    accent: str
    use_case: str
    descriptive: str

    @property
    def category(self) -> str:
        """The wire's `category`."""
        return "premade"

    @property
    def labels(self) -> dict[str, str]:
        """The wire's `labels`, a new dictionary each time."""
        return {
            "accent": self.accent,
            "descriptive": self.descriptive,
            "age": self.age,
            "gender": self.gender,
            "language": self.language,
            "use_case": self.use_case,
        }

    @property
    def description(self) -> str:
        """One sentence for people."""
        language = LANGUAGE_BY_CODE[self.language].name
        age = self.age.replace("_", "-")
        use = self.use_case.replace("_", " ")
        return f"A {self.descriptive}, {age} {self.gender} voice, {language} ({self.accent}), for {use}."

    @property
    def preview_text(self) -> str:
        """What the preview says, in the voice's language."""
        return _GREETINGS[self.language].format(name=self.name)

    def engine_name_in(self, language_code: str) -> str:
        """Return the engine's name of this voice speaking another language: its throat, that language's sounds.

        language_code: wire code; one that the engine does not speak leaves the voice in its own language
        """
        other = LANGUAGE_BY_CODE.get(language_code)
        if other is None or other.code == self.language:
            return self.engine_name
        _, plus, variant = self.engine_name.partition("+")
        return other.engine_name + plus + variant


_GREETINGS: Final = {
    "en": "Hello, my name is {name}. This is how I sound when I read to you.",
    "de": "Guten Tag, ich heiße {name}. So klinge ich, wenn ich Ihnen vorlese.",
    "fr": "Bonjour, je m'appelle {name}. Voici ma voix quand je lis pour vous.",
    "es": "Hola, me llamo {name}. Así suena mi voz cuando leo para usted.",
    "it": "Buongiorno, mi chiamo {name}. Questa è la mia voce quando leggo per voi.",
    "pt": "Olá, o meu nome é {name}. Esta é a minha voz quando leio para si.",
    "nl": "Goedendag, ik heet {name}. Zo klink ik als ik u voorlees.",
    "pl": "Dzień dobry, nazywam się {name}. Tak brzmi mój głos, kiedy czytam.",
    "sv": "Hej, jag heter {name}. Så här låter jag när jag läser för dig.",
    "da": "Goddag, jeg hedder {name}. Sådan lyder jeg, når jeg læser højt.",
    "no": "Hei, jeg heter {name}. Slik høres jeg ut når jeg leser for deg.",
    "fi": "Hyvää päivää, nimeni on {name}. Tältä kuulostan, kun luen sinulle.",
    "cs": "Dobrý den, jmenuji se {name}. Takhle zním, když vám čtu.",
    "ro": "Bună ziua, mă numesc {name}. Așa sună vocea mea când citesc.",
    "hu": "Jó napot, a nevem {name}. Így szól a hangom, amikor olvasok.",
    "el": "Γεια σας, με λένε {name}. Έτσι ακούγομαι όταν διαβάζω.",
    "tr": "Merhaba, benim adım {name}. Size okurken sesim böyle.",  # noqa: RUF001  # Turkish has a dotless i
    "ru": "Здравствуйте, меня зовут {name}. Так звучит мой голос, когда я читаю.",
    "uk": "Добрий день, мене звати {name}. Так звучить мій голос, коли я читаю.",
    "hi": "नमस्ते, मेरा नाम {name} है। पढ़ते समय मेरी आवाज़ ऐसी है।",
}

# id, name, engine, language, pitch, range, words/min, gender, age, accent, use_case, descriptive
_TABLE: Final = """
21m00Tcm4TlvDq8ikWAM Rachel    en-us+f3          en 50 50 165 female  young  american       narration   calm
JBFqnCBsd6RMkjVDRZzb George    en+m3             en 48 45 160 male    middle british        story       warm
EXAVITQu4vr4xnSDxMaL Sarah     en-us+f2          en 52 55 175 female  young  american       entertain   confident
FGY2WhTYpPnrIDTdsKH5 Laura     en-us+Annie       en 52 65 180 female  young  american       social      sassy
IKne3meq5aSn9XLyUdCD Charlie   en+m1             en 56 60 175 male    young  british        chat        hyped
N2lVS1w4EtoT3dr4eOWO Callum    en-us+Denis       en 45 50 165 male    middle american       characters  husky
SAz9YHcvj6GT2YYXdXww River     en-us+m5          en 55 40 165 neutral middle american       chat        relaxed
TX3LPaxmHKxFdv7VOQHJ Liam      en-us+travis      en 58 60 180 male    young  american       social      energetic
XB0fDUnXU5powFXDhCwa Charlotte en-gb-x-rp+f5     en 46 50 165 female  young  rp             characters  relaxed
Xb7hH8MSUJpSbSDYk0k2 Alice     en+f3             en 48 55 170 female  middle british        informative clear
XrExE9yKIg1WjnnlVkGX Matilda   en-us+steph       en 50 55 170 female  middle american       informative well-read
bIHbv24MWmeRgasZH58o Will      en-us+victor      en 54 45 165 male    young  american       chat        relaxed
cgSgspJ2msm6clMCkdW9 Jessica   en-us+f5          en 55 60 175 female  young  american       chat        playful
cjVigY5qzO86Huf0OWal Eric      en-us+Michael     en 50 45 165 male    middle american       chat        smooth
iP95p4xoKVk53GoZ742B Chris     en-us+Lee         en 52 50 170 male    middle american       chat        charming
nPczCjzI2devNBz1zQrb Brian     en-us+m4          en 46 42 160 male    middle american       social      deep
onwK4e9ZLuTAKqWW03F9 Daniel    en-gb-x-rp+m7     en 50 42 165 male    middle rp             informative formal
pFZP5JQG7iQjIQuC4Bku Lily      en-gb-x-rp+f2     en 55 58 168 female  middle rp             informative velvety
pqHfZKP75CvOlQylNhV4 Bill      en-us+m8          en 45 45 155 male    old    american       advert      crisp
pNInz6obpgDQGcFmaJgB Adam      en-us+m2          en 45 45 165 male    middle american       narration   deep
ErXwobaYiN019PkySvjV Antoni    en-us+antonio     en 52 50 170 male    young  american       narration   balanced
9BWtsMINqrJLrRacOk9x Aria      en-us+f4          en 56 60 175 female  middle american       social      expressive
CwhRBWXzGAHq8TQ4Fs17 Roger     en-us+Mike        en 52 48 170 male    middle american       chat        laid-back
29vD33N1CtxCmqQRPOHJ Drew      en-us+m6          en 50 50 170 male    middle american       news        rounded
2EiwWnXFnvU5JabPnv8n Clyde     en-us+Storm       en 48 50 155 male    middle american       characters  gravelly
5Q0t7uMcjvnagumLfvZi Paul      en-us+paul        en 50 48 175 male    middle american       news        stern
AZnzlk1XvdvUeBnXmlld Domi      en-us+Andrea      en 48 65 180 female  young  american       narration   strong
CYw3kZ02Hs0563khs1Fj Dave      en-gb-x-gbcwmd+m1 en 52 58 175 male    young  west_midlands  chat        casual
D38z5RcWu1voky8WS1ja Fin       en-gb-scotland+m8 en 50 58 165 male    old    scottish       characters  salty
GBv7mTt0atIp3Br8iCZE Thomas    en-us+m7          en 48 35 150 male    young  american       meditation  calm
LcfcDJNUP1GQjkzn1xUU Emily     en-us+f2          en 46 35 150 female  young  american       meditation  calm
MF3mGyEYCl7XYWbV9V6O Elli      en-us+f4          en 62 68 180 female  young  american       narration   emotional
ODq5zmih8GrVes37Dizd Patrick   en-us+iven        en 56 70 185 male    middle american       characters  shouty
SOYHLrjzK2X1ezoPC6cr Harry     en-us+john        en 58 65 180 male    young  american       characters  anxious
ThT5KcBeYPX3keUQqHPh Dorothy   en+f5             en 54 60 165 female  young  british        story       pleasant
TxGEqnHWrfWFTfGW9XjX Josh      en-us+Hugo        en 46 45 165 male    young  american       narration   deep
VR6AewLTigWG4xSOukaG Arnold    en-us+Jacky       en 44 52 160 male    middle american       narration   crisp
ZQe5CZNOzWyzPSCn5a3c James     en+m8             en 46 40 150 male    old    british        news        calm
Zlb1dXrM653N07WRdFW3 Joseph    en+m7             en 52 45 165 male    middle british        news        articulate
bVMeCyTHy58xNoL34h3p Jeremy    en-029+m3         en 54 62 175 male    young  caribbean      narration   excited
flq6f7yk4E4fJM5XTYuZ Michael   en-us+grandpa     en 48 42 155 male    old    american       narration   orotund
g5CIjZEefAph4nQFvHAz Ethan     en-us+whisper     en 50 40 155 male    young  american       meditation  whispering
jBpfuIE2acCO8z3wKNLl Gigi      en-us+anika       en 55 72 185 female  young  american       characters  childish
jsCqWAovK2LkecY7zXl4 Freya     en-us+linda       en 48 58 172 female  young  american       characters  expressive
oWAxZDx7w5VEj9dCyTzz Grace     en-us+Alicia      en 45 52 160 female  young  american       story       gentle
pMsXgVXv3BLzUgSXRplE Serena    en-us+steph3      en 54 55 168 female  middle american       narration   pleasant
piTKgcLEGmPE4e6mEKli Nicole    en-us+whisperf    en 50 40 150 female  young  american       audiobook   whispering
t0jbNlBVZ17f02VDIeMI Jessie    en-us+croak       en 52 50 165 male    old    american       characters  raspy
wViXBPUzp2ZZixB1xQuM Ryan      en-us-nyc+m3      en 50 55 175 male    middle new_york       audiobook   expressive
yoZ06aMxZJJ28mfd3POQ Sam       en-us+Alex        en 48 50 175 male    young  american       narration   raspy
z9fAnlkpzviPz146aGWa Glinda    en-us+belinda     en 52 70 165 female  middle american       characters  witch-like
zcAOhNBS3c14rBihAFp1 Giovanni  en-us+sandro      en 55 62 175 male    young  american       audiobook   bright
zrHiDhphv9ZnVXBqCLjz Mimi      en-us+steph2      en 64 66 178 female  young  american       characters  childish
knrPHWnBmmDHMoiMeP3l Santa     en-us+robert      en 42 60 150 male    old    american       characters  jolly
IRHApOXLvnW57QJPQH2P Dominic   en-us+Andy        en 46 48 170 male    middle american       chat        tough
hpp4J3VqNfWAUOO0d1Us Bella     en-us+aunty       en 52 52 170 female  middle american       informative bright
EchoVoiceEnSusan0001 Susan     en-gb-x-gbclan+f3 en 50 58 170 female  middle lancastrian    chat        friendly
EchoVoiceEnFiona0002 Fiona     en-gb-scotland+f3 en 50 58 170 female  young  scottish       chat        lively
EchoVoiceEnMarla0003 Marla     en-029+f2         en 50 60 175 female  young  caribbean      chat        warm
EchoVoiceDeAnna00004 Anna      de+f3             de 48 50 165 female  young  standard       informative clear
EchoVoiceDeJonas0005 Jonas     de+m3             de 50 48 165 male    middle standard       narration   calm
EchoVoiceFrClaire006 Claire    fr+f2             fr 50 55 170 female  young  standard       chat        bright
EchoVoiceFrHugo00007 Hugo      fr+m7             fr 50 48 165 male    middle standard       narration   composed
EchoVoiceFrLuc000008 Luc       fr-be+m3          fr 50 50 165 male    middle belgian        informative friendly
EchoVoiceEsLucia0009 Lucía     es+f2             es 50 55 175 female  young  castilian      chat        lively
EchoVoiceEsMateo0010 Mateo     es-419+m3         es 50 52 172 male    young  latin_american narration   warm
EchoVoiceItGiulia011 Giulia    it+f3             it 50 58 172 female  young  standard       chat        bright
EchoVoiceItMarco0012 Marco     it+Marco          it 48 52 168 male    middle standard       narration   warm
EchoVoicePtInes00013 Inês      pt+f2             pt 50 52 168 female  young  european       informative clear
EchoVoicePtDiogo0014 Diogo     pt-br+Diogo       pt 50 55 170 male    young  brazilian      chat        relaxed
EchoVoiceNlSanne0015 Sanne     nl+f3             nl 50 52 168 female  young  standard       informative clear
EchoVoicePlZofia0016 Zofia     pl+f2             pl 50 52 168 female  young  standard       informative clear
EchoVoicePlJakub0017 Jakub     pl+m3             pl 50 48 165 male    middle standard       narration   calm
EchoVoiceSvElsa00018 Elsa      sv+f3             sv 50 52 168 female  young  standard       informative clear
EchoVoiceDaFreja0019 Freja     da+f2             da 50 50 168 female  young  standard       informative clear
EchoVoiceNoIngrid020 Ingrid    nb+f3             no 50 52 168 female  young  standard       informative clear
EchoVoiceFiAino00021 Aino      fi+f2             fi 50 48 168 female  young  standard       informative clear
EchoVoiceCsPetr00022 Petr      cs+m3             cs 50 48 165 male    middle standard       narration   calm
EchoVoiceRoIoana0023 Ioana     ro+f3             ro 50 52 168 female  young  standard       informative clear
EchoVoiceHuBence0024 Bence     hu+m3             hu 50 48 165 male    middle standard       narration   calm
EchoVoiceElEleni0025 Eleni     el+f2             el 50 52 168 female  young  standard       informative clear
EchoVoiceTrElif00026 Elif      tr+f3             tr 50 52 168 female  young  standard       informative clear
EchoVoiceRuIrina0027 Irina     ru+f2             ru 50 52 168 female  middle standard       narration   calm
EchoVoiceUkOlena0028 Olena     uk+f3             uk 50 52 168 female  young  standard       informative clear
EchoVoiceHiAsha00029 Asha      hi+f2             hi 50 52 165 female  young  standard       informative clear
"""


# Short words of the table and the wire's words for them.
_WIRE_WORDS: Final = {
    "middle": "middle_aged",
    "rp": "received pronunciation",
    "story": "narrative_story",
    "chat": "conversational",
    "social": "social_media",
    "entertain": "entertainment",
    "advert": "advertisement",
}


def _wire_word(word: str) -> str:
    return _WIRE_WORDS.get(word, word)


def _parse(line: str) -> CatalogueVoice:
    identity, name, engine, language, pitch, pitch_range, speed, gender, age, accent, use_case, descriptive = (
        line.split()
    )
    return CatalogueVoice(
        catalogue_id=identity,
        name=name,
        engine_name=engine,
        language=language,
        pitch=int(pitch),
        pitch_range=int(pitch_range),
        words_per_minute=int(speed),
        gender=gender,
        age=_wire_word(age),
        accent=_wire_word(accent).replace("_", " "),
        use_case=_wire_word(use_case),
        descriptive=descriptive,
    )


VOICES: Final[tuple[CatalogueVoice, ...]] = tuple(_parse(line) for line in _TABLE.strip().splitlines())
VOICE_BY_ID: Final = MappingProxyType({voice.catalogue_id: voice for voice in VOICES})
DEFAULT_VOICE_ID: Final = "21m00Tcm4TlvDq8ikWAM"
