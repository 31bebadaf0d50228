"""What is asked: held-out queries, misspelt ones, and texts that nothing in a gallery shows."""

import random
import re
import string

from embeddings.demo_model.captions import (
    HELD_OUT_TEMPLATES,
    LANGUAGES,
    Query,
    held_out,
    held_out_phrases,
    rows_of,
    templates,
)
from embeddings.demo_model.distractors import random_letters
from search.analysis import is_stop_word, words

PER_LANGUAGE = 200
LETTERS = 500
LETTER_LENGTHS = (4, 5, 6, 8, 10, 14, 20)
OFF_TOPIC_MEANINGS = 80  # in five languages each
LETTERS_SEED, OFF_TOPIC_SEED, MISSPELLING_SEED, HALVES_SEED = 501, 502, 503, 504
SHORTEST_MISSPELT = 4  # letters

# Of other topics than training, calibration and the model's own evaluation use.
OFF_TOPIC = """
    parking ticket|停车罚单|contravention de stationnement|Strafzettel|multa de aparcamiento
    knitting needles|毛衣针|aiguilles à tricoter|Stricknadeln|agujas de tejer
    mathematics exam|数学考试|examen de mathématiques|Matheprüfung|examen de matemáticas
    police officer|警察|agent de police|Polizist|agente de policía
    chocolate cake|巧克力蛋糕|gâteau au chocolat|Schokoladenkuchen|pastel de chocolate
    vacuum cleaner|吸尘器|aspirateur|Staubsauger|aspiradora
    monkey|猴子|singe|Affe|mono
    office chair|办公椅|chaise de bureau|Bürostuhl|silla de oficina
    basketball player|篮球运动员|joueur de basket|Basketballspieler|jugador de baloncesto
    passport|护照|passeport|Reisepass|pasaporte
    tomato soup|番茄汤|soupe à la tomate|Tomatensuppe|sopa de tomate
    drum kit|架子鼓|batterie|Schlagzeug|batería
    computer virus|电脑病毒|virus informatique|Computervirus|virus informático
    wrist watch|手表|montre-bracelet|Armbanduhr|reloj de pulsera
    goldfish|金鱼|poisson rouge|Goldfisch|pez dorado
    pharmacy|药店|pharmacie|Apotheke|farmacia
    lawyer|律师|avocat|Rechtsanwalt|abogado
    phone charger|手机充电器|chargeur de téléphone|Handyladegerät|cargador de móvil
    fried eggs|煎蛋|œufs au plat|Spiegeleier|huevos fritos
    dinosaur skeleton|恐龙骨架|squelette de dinosaure|Dinosaurierskelett|esqueleto de dinosaurio
    marketing strategy|营销策略|stratégie marketing|Marketingstrategie|estrategia de marketing
    ballet dancer|芭蕾舞者|danseuse de ballet|Balletttänzerin|bailarina de ballet
    toilet paper|卫生纸|papier toilette|Toilettenpapier|papel higiénico
    bus driver|公交司机|chauffeur de bus|Busfahrer|conductor de autobús
"""


def real_queries() -> list[Query]:
    """Return the held-out queries: PER_LANGUAGE in each language, the same meanings in all."""
    return held_out(PER_LANGUAGE)


def first_half() -> frozenset[int]:
    """Return the numbers of the meanings that tuning may look at; the others are held out."""
    chance = random.Random(HALVES_SEED)
    return frozenset(chance.sample(range(PER_LANGUAGE), PER_LANGUAGE // 2))


def nonsense() -> list[str]:
    """Return LETTERS texts without meaning: single words of several lengths, and a few words."""
    chance = random.Random(LETTERS_SEED)
    single = [
        "".join(chance.choices(string.ascii_lowercase, k=LETTER_LENGTHS[i % len(LETTER_LENGTHS)]))
        for i in range(LETTERS // 2)
    ]
    return single + [random_letters(chance) for _ in range(LETTERS - len(single))]


def off_topic() -> list[str]:
    """Return OFF_TOPIC_MEANINGS meanings in five languages, in templates that are held out."""
    chance = random.Random(OFF_TOPIC_SEED)
    pairs = [(row, frame) for row in rows_of(OFF_TOPIC) for frame in templates(HELD_OUT_TEMPLATES)]
    return [
        frame[i].format(row[i])
        for row, frame in chance.sample(pairs, OFF_TOPIC_MEANINGS)
        for i in range(len(LANGUAGES))
    ]


def misspelt() -> list[tuple[Query, str]]:
    """Return the English queries, each with one random edit in one of its telling words."""
    chance = random.Random(MISSPELLING_SEED)
    pairs = []
    for query in real_queries():
        if query.language != "en":
            continue
        # Words of the phrase; those of the template say nothing of the scene.
        telling = {word for row in held_out_phrases(query.scene) for word in words(row[0])}
        choices = [
            word
            for word in re.findall(r"\w+", query.text)
            if word.casefold() in telling
            and len(word) >= SHORTEST_MISSPELT
            and not is_stop_word(word.casefold())
        ]
        word = chance.choice(choices)
        pairs.append((query, query.text.replace(word, edited(word, chance), 1)))
    return pairs


def edited(word: str, chance: random.Random) -> str:
    """Return the word with a letter too many, missing, wrong, or swapped with its neighbour."""
    while True:
        at = chance.randrange(len(word))
        letter = chance.choice(string.ascii_lowercase)
        changed = chance.choice(
            (
                word[:at] + letter + word[at:],
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            )
        )
        if changed != word:
            return changed
