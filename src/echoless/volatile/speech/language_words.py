"""Words around numbers, by language: currencies, units, months, "minus" and "to". Data only.

The numbers themselves are spelled by the rules of Unicode's CLDR; a language has a row here when it needs more.
Forms of a noun are in the order of its CLDR plural categories, `one|other` or `one|few|many|other`; `_` is a space;
`f:` and `n:` say the gender where it is not masculine. source: CLDR plural categories and unit names.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Noun:
    """Something that is counted; `forms` in the order of the language's plural categories."""

    forms: tuple[str, ...]
    gender: str = "m"


@dataclass(frozen=True, slots=True)
class Money:
    """A currency and its hundredth."""

    unit: Noun
    hundredth: Noun


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """What one language needs besides number rules.

    decimal_mark, group_marks: of written numbers
    decimals_as_number:        "three comma fourteen" instead of "three comma one four", up to two digits
    cents:                     template of an amount with hundredths
    times:                     templates of a time of day: whole hour, hour and minute
    time_gender:               of the hours
    ordinal_suffixes:          written endings of ordinals and their gender
    fractions:                 by denominator: one of them, several of them
    """

    code: str
    decimal_mark: str
    group_marks: str
    point: str
    minus: str
    percent: str
    to: str
    over: str
    cents: str
    times: tuple[str, str]
    months: tuple[str, ...]
    money: dict[str, Money]
    units: dict[str, Noun]
    fractions: dict[int, tuple[str, str]]
    ordinal_suffixes: dict[str, str] = field(default_factory=dict)
    decimals_as_number: bool = False
    time_gender: str = "m"
    is_month_first: bool = False


_SYMBOLS: Final = "km m cm mm kg g mg l ml km/h °C °F ° GB MB kHz MHz GHz Hz kWh kW min"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _noun(text: str) -> Noun:
    gender, colon, forms = text.rpartition(":")
    return Noun(tuple(forms.replace("_", " ").split("|")), gender if colon else "m")


def _money(table: str) -> dict[str, Money]:
    rows = (row.split() for row in table.strip().splitlines())
    return {symbol: Money(_noun(unit), _noun(hundredth)) for symbol, unit, hundredth in rows}


def _units(nouns: str, **more: str) -> dict[str, Noun]:
    units = {symbol: _noun(noun) for symbol, noun in zip(_words(_SYMBOLS), nouns.split(), strict=True)}
    return units | {symbol: _noun(noun) for symbol, noun in more.items()}


def _fractions(table: str) -> dict[int, tuple[str, str]]:
    rows = (row.replace("_", " ").split("/") for row in table.split())
    return {int(denominator): (one, several) for denominator, one, several in rows}


_ENGLISH: Final = LanguageWords(
    "en",
    ".",
    ",\u00a0\u202f",
    "point",
    "minus",
    "percent",
    "to",
    "over",
    cents="{amount} and {cents}",
    times=("{hour} o'clock", "{hour} {minute}"),
    months=_words("January February March April May June July August September October November December"),
    money=_money(
        """
        $ dollar|dollars cent|cents
        € euro|euros cent|cents
        £ pound|pounds penny|pence
        ¥ yen|yen sen|sen
        """
    ),
    units=_units(
        """kilometer|kilometers meter|meters centimeter|centimeters millimeter|millimeters kilogram|kilograms
        gram|grams milligram|milligrams liter|liters milliliter|milliliters
        kilometer_per_hour|kilometers_per_hour degree_Celsius|degrees_Celsius degree_Fahrenheit|degrees_Fahrenheit
        degree|degrees gigabyte|gigabytes megabyte|megabytes kilohertz|kilohertz megahertz|megahertz
        gigahertz|gigahertz hertz|hertz kilowatt_hour|kilowatt_hours kilowatt|kilowatts minute|minutes""",
        mph="mile_per_hour|miles_per_hour",
        mi="mile|miles",
        ft="foot|feet",
        lb="pound|pounds",
        lbs="pound|pounds",
        oz="ounce|ounces",
        TB="terabyte|terabytes",
        KB="kilobyte|kilobytes",
        ms="millisecond|milliseconds",
    ),
    fractions=_fractions(
        "2/half/halves 3/third/thirds 4/quarter/quarters 5/fifth/fifths 6/sixth/sixths 7/seventh/sevenths "
        "8/eighth/eighths 9/ninth/ninths 10/tenth/tenths"
    ),
    ordinal_suffixes={"st": "m", "nd": "m", "rd": "m", "th": "m"},
    is_month_first=True,
)
_GERMAN: Final = LanguageWords(
    "de",
    ",",
    ".\u00a0\u202f'",
    "Komma",
    "minus",
    "Prozent",
    "bis",
    "durch",
    cents="{amount} {hundredths}",
    times=("{hour} Uhr", "{hour} Uhr {minute}"),
    months=_words("Januar Februar März April Mai Juni Juli August September Oktober November Dezember"),
    money=_money(
        """
        $ Dollar|Dollar Cent|Cent
        € Euro|Euro Cent|Cent
        £ n:Pfund|Pfund Penny|Pence
        ¥ Yen|Yen Sen|Sen
        """
    ),
    units=_units(
        """Kilometer|Kilometer Meter|Meter Zentimeter|Zentimeter Millimeter|Millimeter n:Kilogramm|Kilogramm
        n:Gramm|Gramm n:Milligramm|Milligramm Liter|Liter Milliliter|Milliliter
        Kilometer_pro_Stunde|Kilometer_pro_Stunde Grad_Celsius|Grad_Celsius Grad_Fahrenheit|Grad_Fahrenheit
        Grad|Grad n:Gigabyte|Gigabyte n:Megabyte|Megabyte n:Kilohertz|Kilohertz n:Megahertz|Megahertz
        n:Gigahertz|Gigahertz n:Hertz|Hertz f:Kilowattstunde|Kilowattstunden n:Kilowatt|Kilowatt
        f:Minute|Minuten"""
    ),
    fractions=_fractions(
        "2/halb/halbe 3/Drittel/Drittel 4/Viertel/Viertel 5/Fünftel/Fünftel 8/Achtel/Achtel 10/Zehntel/Zehntel"
    ),
)
_FRENCH: Final = LanguageWords(
    "fr",
    ",",
    ".\u00a0\u202f ",
    "virgule",
    "moins",
    "pour cent",
    "à",
    "sur",
    cents="{amount} {hundredths}",
    times=("{hour} heures", "{hour} heures {minute}"),
    months=_words("janvier février mars avril mai juin juillet août septembre octobre novembre décembre"),
    money=_money(
        """
        $ dollar|dollars cent|cents
        € euro|euros centime|centimes
        £ f:livre|livres penny|pence
        ¥ yen|yens sen|sens
        """
    ),
    units=_units(
        """kilomètre|kilomètres mètre|mètres centimètre|centimètres millimètre|millimètres kilogramme|kilogrammes
        gramme|grammes milligramme|milligrammes litre|litres millilitre|millilitres
        kilomètre_heure|kilomètres_heure degré_Celsius|degrés_Celsius degré_Fahrenheit|degrés_Fahrenheit
        degré|degrés gigaoctet|gigaoctets mégaoctet|mégaoctets kilohertz|kilohertz mégahertz|mégahertz
        gigahertz|gigahertz hertz|hertz kilowattheure|kilowattheures kilowatt|kilowatts f:minute|minutes"""
    ),
    fractions=_fractions(
        "2/demi/demis 3/tiers/tiers 4/quart/quarts 5/cinquième/cinquièmes 8/huitième/huitièmes 10/dixième/dixièmes"
    ),
    ordinal_suffixes={"er": "m", "re": "f", "ème": "m", "e": "m"},
    decimals_as_number=True,
    time_gender="f",
)
_SPANISH: Final = LanguageWords(
    "es",
    ",",
    ".\u00a0\u202f",
    "coma",
    "menos",
    "por ciento",
    "a",
    "entre",
    cents="{amount} con {hundredths}",
    times=("{hour} en punto", "{hour} {minute}"),
    months=_words("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"),
    money=_money(
        """
        $ dólar|dólares centavo|centavos
        € euro|euros céntimo|céntimos
        £ f:libra|libras penique|peniques
        ¥ yen|yenes sen|senes
        """
    ),
    units=_units(
        """kilómetro|kilómetros metro|metros centímetro|centímetros milímetro|milímetros kilogramo|kilogramos
        gramo|gramos miligramo|miligramos litro|litros mililitro|mililitros
        kilómetro_por_hora|kilómetros_por_hora grado_Celsius|grados_Celsius grado_Fahrenheit|grados_Fahrenheit
        grado|grados gigabyte|gigabytes megabyte|megabytes kilohercio|kilohercios megahercio|megahercios
        gigahercio|gigahercios hercio|hercios kilovatio_hora|kilovatios_hora kilovatio|kilovatios minuto|minutos"""
    ),
    fractions=_fractions("2/medio/medios 3/tercio/tercios 4/cuarto/cuartos 5/quinto/quintos 10/décimo/décimos"),
    ordinal_suffixes={"º": "m", ".º": "m", "ª": "f", ".ª": "f"},
    decimals_as_number=True,
    time_gender="f",
)
_ITALIAN: Final = LanguageWords(
    "it",
    ",",
    ".\u00a0\u202f",
    "virgola",
    "meno",
    "per cento",
    "a",
    "su",
    cents="{amount} e {hundredths}",
    times=("{hour}", "{hour} e {minute}"),
    months=_words("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"),
    money=_money(
        """
        $ dollaro|dollari centesimo|centesimi
        € euro|euro centesimo|centesimi
        £ f:sterlina|sterline penny|pence
        ¥ yen|yen sen|sen
        """
    ),
    units=_units(
        """chilometro|chilometri metro|metri centimetro|centimetri millimetro|millimetri chilogrammo|chilogrammi
        grammo|grammi milligrammo|milligrammi litro|litri millilitro|millilitri
        chilometro_orario|chilometri_orari grado_Celsius|gradi_Celsius grado_Fahrenheit|gradi_Fahrenheit
        grado|gradi gigabyte|gigabyte megabyte|megabyte chilohertz|chilohertz megahertz|megahertz
        gigahertz|gigahertz hertz|hertz chilowattora|chilowattora chilowatt|chilowatt minuto|minuti"""
    ),
    fractions=_fractions("2/mezzo/mezzi 3/terzo/terzi 4/quarto/quarti 5/quinto/quinti 10/decimo/decimi"),
    ordinal_suffixes={"º": "m", "°": "m", "ª": "f"},
    decimals_as_number=True,
    time_gender="plain",
)
_PORTUGUESE: Final = LanguageWords(
    "pt",
    ",",
    ".\u00a0\u202f",
    "vírgula",
    "menos",
    "por cento",
    "a",
    "sobre",
    cents="{amount} e {hundredths}",
    times=("{hour} horas", "{hour} e {minute}"),
    months=_words("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"),
    money=_money(
        """
        R$ real|reais centavo|centavos
        $ dólar|dólares cêntimo|cêntimos
        € euro|euros cêntimo|cêntimos
        £ f:libra|libras péni|pence
        ¥ iene|ienes sen|sen
        """
    ),
    units=_units(
        """quilómetro|quilómetros metro|metros centímetro|centímetros milímetro|milímetros quilograma|quilogramas
        grama|gramas miligrama|miligramas litro|litros mililitro|mililitros
        quilómetro_por_hora|quilómetros_por_hora grau_Celsius|graus_Celsius grau_Fahrenheit|graus_Fahrenheit
        grau|graus gigabyte|gigabytes megabyte|megabytes quilohertz|quilohertz megahertz|megahertz
        gigahertz|gigahertz hertz|hertz quilowatt-hora|quilowatts-hora quilowatt|quilowatts minuto|minutos"""
    ),
    fractions=_fractions("2/meio/meios 3/terço/terços 4/quarto/quartos 5/quinto/quintos 10/décimo/décimos"),
    ordinal_suffixes={"º": "m", ".º": "m", "ª": "f", ".ª": "f"},
    decimals_as_number=True,
    time_gender="f",
)
_DUTCH: Final = LanguageWords(
    "nl",
    ",",
    ".\u00a0\u202f",
    "komma",
    "min",
    "procent",
    "tot",
    "gedeeld door",
    cents="{amount} {hundredths}",
    times=("{hour} uur", "{hour} uur {minute}"),
    months=_words("januari februari maart april mei juni juli augustus september oktober november december"),
    money=_money(
        """
        $ dollar|dollar cent|cent
        € euro|euro cent|cent
        £ pond|pond penny|pence
        ¥ yen|yen sen|sen
        """
    ),
    units=_units(
        """kilometer|kilometer meter|meter centimeter|centimeter millimeter|millimeter kilogram|kilogram gram|gram
        milligram|milligram liter|liter milliliter|milliliter kilometer_per_uur|kilometer_per_uur
        graad_Celsius|graden_Celsius graad_Fahrenheit|graden_Fahrenheit graad|graden gigabyte|gigabyte
        megabyte|megabyte kilohertz|kilohertz megahertz|megahertz gigahertz|gigahertz hertz|hertz
        kilowattuur|kilowattuur kilowatt|kilowatt minuut|minuten"""
    ),
    fractions=_fractions(
        "2/half/halve 3/derde/derde 4/kwart/kwart 5/vijfde/vijfde 8/achtste/achtste 10/tiende/tiende"
    ),
    ordinal_suffixes={"e": "m", "ste": "m", "de": "m"},
)
_POLISH: Final = LanguageWords(
    "pl",
    ",",
    ".\u00a0\u202f ",
    "przecinek",
    "minus",
    "procent",
    "do",
    "przez",
    cents="{amount} {cents}",
    times=("godzina {hour}", "{hour} {minute}"),
    months=_words(
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"
    ),
    money=_money(
        """
        $ dolar|dolary|dolarów|dolara cent|centy|centów|centa
        € n:euro|euro|euro|euro cent|centy|centów|centa
        £ funt|funty|funtów|funta pens|pensy|pensów|pensa
        zł złoty|złote|złotych|złotego grosz|grosze|groszy|grosza
        """
    ),
    units=_units(
        """kilometr|kilometry|kilometrów|kilometra metr|metry|metrów|metra
        centymetr|centymetry|centymetrów|centymetra milimetr|milimetry|milimetrów|milimetra
        kilogram|kilogramy|kilogramów|kilograma gram|gramy|gramów|grama
        miligram|miligramy|miligramów|miligrama litr|litry|litrów|litra mililitr|mililitry|mililitrów|mililitra
        kilometr_na_godzinę|kilometry_na_godzinę|kilometrów_na_godzinę|kilometra_na_godzinę
        stopień_Celsjusza|stopnie_Celsjusza|stopni_Celsjusza|stopnia_Celsjusza
        stopień_Fahrenheita|stopnie_Fahrenheita|stopni_Fahrenheita|stopnia_Fahrenheita
        stopień|stopnie|stopni|stopnia gigabajt|gigabajty|gigabajtów|gigabajta
        megabajt|megabajty|megabajtów|megabajta
        kiloherc|kiloherce|kiloherców|kiloherca megaherc|megaherce|megaherców|megaherca
        gigaherc|gigaherce|gigaherców|gigaherca herc|herce|herców|herca
        f:kilowatogodzina|kilowatogodziny|kilowatogodzin|kilowatogodziny kilowat|kilowaty|kilowatów|kilowata
        f:minuta|minuty|minut|minuty"""
    ),
    fractions={},
    decimals_as_number=True,
    time_gender="plain",
)

LANGUAGE_WORDS: Final[dict[str, LanguageWords]] = {
    words.code: words for words in (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH, _POLISH)
}
