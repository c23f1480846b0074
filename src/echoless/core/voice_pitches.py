"""How high the premade voices speak, as data: what a conversion to one of them aims at.

Measured: each voice read the same three English sentences at its own pitch, range and pace; WORLD found the pitch.
A whispering voice has none; its numbers are those of a speaker of the same gender.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class VoicePitch:
    """The pitch of one voice.

    median_hz:        half of its speech is higher
    spread_semitones: half the distance between the 16th and the 84th percentile
    """

    median_hz: int
    spread_semitones: float
    is_whispered: bool = False


# catalogue id, median in Hz, spread in semitones
_TABLE: Final = """
21m00Tcm4TlvDq8ikWAM 199 3.5
JBFqnCBsd6RMkjVDRZzb 97 1.7
EXAVITQu4vr4xnSDxMaL 192 2.7
FGY2WhTYpPnrIDTdsKH5 245 3.6
IKne3meq5aSn9XLyUdCD 98 1.8
N2lVS1w4EtoT3dr4eOWO 91 1.7
SAz9YHcvj6GT2YYXdXww 102 1.3
TX3LPaxmHKxFdv7VOQHJ 108 2.2
XB0fDUnXU5powFXDhCwa 189 2.2
Xb7hH8MSUJpSbSDYk0k2 197 3.3
XrExE9yKIg1WjnnlVkGX 182 0.9
bIHbv24MWmeRgasZH58o 96 1.3
cgSgspJ2msm6clMCkdW9 211 2.3
cjVigY5qzO86Huf0OWal 101 1.9
iP95p4xoKVk53GoZ742B 96 1.2
nPczCjzI2devNBz1zQrb 86 1.6
onwK4e9ZLuTAKqWW03F9 100 1.8
pFZP5JQG7iQjIQuC4Bku 198 2.8
pqHfZKP75CvOlQylNhV4 80 1.5
pNInz6obpgDQGcFmaJgB 92 1.5
ErXwobaYiN019PkySvjV 109 1.7
9BWtsMINqrJLrRacOk9x 187 2.2
CwhRBWXzGAHq8TQ4Fs17 89 1.7
29vD33N1CtxCmqQRPOHJ 98 1.6
2EiwWnXFnvU5JabPnv8n 81 1.5
5Q0t7uMcjvnagumLfvZi 83 1.5
AZnzlk1XvdvUeBnXmlld 238 1.4
CYw3kZ02Hs0563khs1Fj 95 1.6
D38z5RcWu1voky8WS1ja 85 1.9
GBv7mTt0atIp3Br8iCZE 96 1.7
LcfcDJNUP1GQjkzn1xUU 174 2.0
MF3mGyEYCl7XYWbV9V6O 202 2.1
ODq5zmih8GrVes37Dizd 106 2.5
SOYHLrjzK2X1ezoPC6cr 111 1.8
ThT5KcBeYPX3keUQqHPh 208 2.4
TxGEqnHWrfWFTfGW9XjX 99 2.4
VR6AewLTigWG4xSOukaG 103 2.1
ZQe5CZNOzWyzPSCn5a3c 79 1.4
Zlb1dXrM653N07WRdFW3 102 2.0
bVMeCyTHy58xNoL34h3p 107 2.1
flq6f7yk4E4fJM5XTYuZ 98 2.0
g5CIjZEefAph4nQFvHAz 96 1.7 whispered
jBpfuIE2acCO8z3wKNLl 288 2.0
jsCqWAovK2LkecY7zXl4 221 1.2
oWAxZDx7w5VEj9dCyTzz 232 1.8
pMsXgVXv3BLzUgSXRplE 191 0.9
piTKgcLEGmPE4e6mEKli 190 1.7 whispered
t0jbNlBVZ17f02VDIeMI 103 2.0
wViXBPUzp2ZZixB1xQuM 102 1.9
yoZ06aMxZJJ28mfd3POQ 100 0.5
z9fAnlkpzviPz146aGWa 236 1.2
zcAOhNBS3c14rBihAFp1 102 2.0
zrHiDhphv9ZnVXBqCLjz 217 0.9
knrPHWnBmmDHMoiMeP3l 91 2.5
IRHApOXLvnW57QJPQH2P 90 1.2
hpp4J3VqNfWAUOO0d1Us 180 0.9
EchoVoiceEnSusan0001 203 3.3
EchoVoiceEnFiona0002 203 3.5
EchoVoiceEnMarla0003 189 3.2
EchoVoiceDeAnna00004 195 3.4
EchoVoiceDeJonas0005 101 1.8
EchoVoiceFrClaire006 188 2.7
EchoVoiceFrHugo00007 101 2.0
EchoVoiceFrLuc000008 101 1.8
EchoVoiceEsLucia0009 188 2.7
EchoVoiceEsMateo0010 101 1.9
EchoVoiceItGiulia011 203 3.8
EchoVoiceItMarco0012 125 2.0
EchoVoicePtInes00013 187 2.6
EchoVoicePtDiogo0014 103 1.9
EchoVoiceNlSanne0015 200 3.7
EchoVoicePlZofia0016 187 2.6
EchoVoicePlJakub0017 101 1.8
EchoVoiceSvElsa00018 200 3.7
EchoVoiceDaFreja0019 186 2.5
EchoVoiceNoIngrid020 200 3.7
EchoVoiceFiAino00021 186 2.4
EchoVoiceCsPetr00022 101 1.8
EchoVoiceRoIoana0023 200 3.7
EchoVoiceHuBence0024 101 1.8
EchoVoiceElEleni0025 187 2.6
EchoVoiceTrElif00026 200 3.7
EchoVoiceRuIrina0027 187 2.6
EchoVoiceUkOlena0028 200 3.7
EchoVoiceHiAsha00029 187 2.6
"""


def _parse(line: str) -> tuple[str, VoicePitch]:
    identity, median_hz, spread_semitones, *whispered = line.split()
    return identity, VoicePitch(int(median_hz), float(spread_semitones), bool(whispered))


PITCH_BY_VOICE_ID: Final = MappingProxyType(dict(map(_parse, _TABLE.strip().splitlines())))
