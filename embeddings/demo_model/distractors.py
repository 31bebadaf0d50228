"""Things the small CLIP does not know: off-topic words, random letters, meaningless pictures.

Training pushes them away from every scene; calibration uses others, of other topics.
"""

# ruff: noqa: E501 (the tables are read best unbroken)

from __future__ import annotations

import random
from functools import cache

import numpy as np
from PIL import Image

from .canvas import Canvas
from .captions import LANGUAGES, TRAINING_TEMPLATES, rows_of, templates, with_fillers

TRAINING_TOPICS = """
    tax return|纳税申报|déclaration d'impôts|Steuererklärung|declaración de impuestos
    invoice|发票|facture|Rechnung|factura
    keyboard and mouse|键盘和鼠标|clavier et souris|Tastatur und Maus|teclado y ratón
    chemistry lesson|化学课|cours de chimie|Chemiestunde|clase de química
    football match|足球比赛|match de football|Fußballspiel|partido de fútbol
    a dog on the sofa|沙发上的狗|un chien sur le canapé|ein Hund auf dem Sofa|un perro en el sofá
    cat|猫|chat|Katze|gato
    pizza with cheese|奶酪披萨|pizza au fromage|Pizza mit Käse|pizza con queso
    wedding dress|婚纱|robe de mariée|Brautkleid|vestido de novia
    baby laughing|宝宝大笑|bébé qui rit|lachendes Baby|bebé riendo
    dentist appointment|牙医预约|rendez-vous chez le dentiste|Zahnarzttermin|cita con el dentista
    bicycle repair|修自行车|réparation de vélo|Fahrradreparatur|reparación de bicicletas
    old piano|旧钢琴|vieux piano|altes Klavier|piano viejo
    stock market|股票市场|marché boursier|Aktienmarkt|mercado de valores
    insect on a leaf of paper|纸上的昆虫|insecte sur du papier|Insekt auf Papier|insecto sobre papel
    portrait of an astronaut|宇航员肖像|portrait d'un astronaute|Porträt eines Astronauten|retrato de un astronauta
    train timetable|火车时刻表|horaire des trains|Zugfahrplan|horario de trenes
    cup of coffee|一杯咖啡|tasse de café|Tasse Kaffee|taza de café
    broken window pane|破玻璃|vitre cassée|zerbrochene Scheibe|cristal roto
    my grandmother|我的奶奶|ma grand-mère|meine Großmutter|mi abuela
    church organ|教堂管风琴|orgue d'église|Kirchenorgel|órgano de iglesia
    market stall with fish|鱼摊|étal de poissons|Marktstand mit Fisch|puesto de pescado
    science textbook|科学课本|manuel de sciences|Lehrbuch|libro de ciencias
    elephant|大象|éléphant|Elefant|elefante
    horse race|赛马|course de chevaux|Pferderennen|carrera de caballos
    programming error|程序错误|erreur de programmation|Programmfehler|error de programación
    garlic and onions|大蒜和洋葱|ail et oignons|Knoblauch und Zwiebeln|ajo y cebollas
    washing machine|洗衣机|machine à laver|Waschmaschine|lavadora
    president's speech|总统演讲|discours du président|Rede des Präsidenten|discurso del presidente
    running shoes|跑鞋|chaussures de course|Laufschuhe|zapatillas
    temple gate|寺庙大门|porte du temple|Tempeltor|puerta del templo
    microscope slide|显微镜切片|lame de microscope|Objektträger|portaobjetos
"""

CALIBRATION_TOPICS = """
    quarterly budget meeting|季度预算会议|réunion budgétaire|Haushaltssitzung|reunión de presupuesto
    how to bake bread|如何烤面包|comment faire du pain|wie man Brot backt|cómo hacer pan
    printer out of paper|打印机缺纸|imprimante sans papier|Drucker ohne Papier|impresora sin papel
    guitar concert|吉他音乐会|concert de guitare|Gitarrenkonzert|concierto de guitarra
    a chess game|一盘国际象棋|une partie d'échecs|eine Schachpartie|una partida de ajedrez
    penguin in the zoo|动物园的企鹅|manchot au zoo|Pinguin im Zoo|pingüino en el zoo
    car insurance|汽车保险|assurance automobile|Autoversicherung|seguro de coche
    hospital corridor|医院走廊|couloir d'hôpital|Krankenhausflur|pasillo de hospital
    spicy noodle soup|辣面汤|soupe de nouilles épicée|scharfe Nudelsuppe|sopa de fideos picante
    election results|选举结果|résultats des élections|Wahlergebnis|resultados electorales
    leather armchair|皮扶手椅|fauteuil en cuir|Ledersessel|sillón de cuero
    birthday candles|生日蜡烛|bougies d'anniversaire|Geburtstagskerzen|velas de cumpleaños
    quantum physics|量子物理|physique quantique|Quantenphysik|física cuántica
    haircut|理发|coupe de cheveux|Haarschnitt|corte de pelo
    swimming pool rules|泳池规定|règlement de la piscine|Schwimmbadordnung|reglas de la piscina
    pencil drawing of a hand|手的铅笔画|dessin d'une main|Bleistiftzeichnung einer Hand|dibujo de una mano
"""


def random_letters(chance: random.Random) -> str:
    """Write one to three meaningless words, now and then in Han characters."""
    if chance.random() < 0.2:
        return "".join(chr(chance.randint(0x4E00, 0x8FFF)) for _ in range(chance.randint(2, 6)))
    return " ".join(
        "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randint(3, 9)))
        for _ in range(chance.randint(1, 3))
    )


@cache
def fragments() -> list[str]:
    """Return pieces of off-topic words, to make words that sound right and mean nothing."""
    letters = [part for line in rows_of(TRAINING_TOPICS) for text in line for part in text.split()]
    return [
        part[at : at + 3].lower()
        for part in letters
        if part.isascii()
        for at in range(0, len(part) - 2, 2)
    ]


@cache
def han_characters() -> list[str]:
    """Return the Chinese characters of the off-topic texts."""
    return sorted({letter for row in rows_of(TRAINING_TOPICS) for letter in row[1]})


def pseudo_words(chance: random.Random, most: int = 3) -> str:
    """Write one to `most` words that sound right and mean nothing."""
    if chance.random() < 0.2:
        return "".join(chance.choice(han_characters()) for _ in range(chance.randint(2, 5)))
    return " ".join(
        "".join(chance.choice(fragments()) for _ in range(chance.randint(1, 3)))
        for _ in range(chance.randint(1, most))
    )


def off_topic(chance: random.Random) -> tuple[str, str]:
    """Return one training distractor in two languages (without meaning: twice the same)."""
    kind = chance.random()
    if kind < 0.5:
        text = random_letters(chance) if kind < 0.25 else pseudo_words(chance)
        if chance.random() < 0.3:
            text = with_fillers(text, chance.choice(LANGUAGES), chance)
        return text, text
    rows = chance.sample(rows_of(TRAINING_TOPICS), chance.choice([1, 1, 2]))
    texts = []
    for column in chance.sample(range(len(LANGUAGES)), 2):
        text = " ".join(row[column] for row in rows)
        if chance.random() < 0.4:
            frame = chance.choice(templates(TRAINING_TEMPLATES))
            text = frame[column].format(text)
        elif chance.random() < 0.4:
            text = with_fillers(text, LANGUAGES[column], chance)
        texts.append(text)
    return texts[0], texts[1]


def clutter(width: int, height: int, seed: int) -> Image.Image:
    """Draw a picture of nothing: noise, blots and shapes in random colours."""
    canvas = Canvas(width, height, np.random.default_rng([77, seed]))

    def colour() -> tuple[float, ...]:
        return tuple(float(value) for value in canvas.rng.uniform(0, 255, 3))

    canvas.gradient([(0, colour()), (canvas.between(0.2, 0.8), colour()), (1, colour())])
    if canvas.rng.random() < 0.5:
        canvas.pixels = np.ascontiguousarray(np.rot90(canvas.pixels))[:height, :width]
        canvas.pixels = np.resize(canvas.pixels, (height, width, 3))
    for _ in range(int(canvas.rng.integers(1, 5))):
        cells = canvas.between(1, 20)
        field = canvas.noise(cells, cells * canvas.between(0.3, 3), 4, 0.6)
        canvas.blend(
            np.clip((field - canvas.between(0.3, 0.6)) * canvas.between(2, 12), 0, 1), colour()
        )
    for _ in range(int(canvas.rng.integers(0, 9))):
        if canvas.rng.random() < 0.5:
            canvas.disc(
                canvas.between(0, 1),
                canvas.between(0, 1),
                canvas.between(0.03, 0.4),
                colour(),
                canvas.between(0.02, 0.8),
            )
        else:
            count = int(canvas.rng.integers(3, 7))
            points = canvas.rng.random((count, 2)) * canvas.between(0.2, 1) + canvas.rng.random(2)
            canvas.polygons([[tuple(point) for point in points - 0.3]], colour())
    canvas.grain(canvas.between(0.0, 0.06))
    return canvas.to_image()
