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
    sourdough starter|酸面种|levain|Sauerteig|masa madre
    mortgage contract|房贷合同|contrat de prêt immobilier|Hypothekenvertrag|contrato de hipoteca
    job interview|求职面试|entretien d'embauche|Vorstellungsgespräch|entrevista de trabajo
    credit card|信用卡|carte de crédit|Kreditkarte|tarjeta de crédito
    electric toothbrush|电动牙刷|brosse à dents électrique|elektrische Zahnbürste|cepillo de dientes eléctrico
    refrigerator|冰箱|réfrigérateur|Kühlschrank|frigorífico
    kitchen knife|菜刀|couteau de cuisine|Küchenmesser|cuchillo de cocina
    hamburger with fries|汉堡和薯条|hamburger avec frites|Hamburger mit Pommes|hamburguesa con patatas
    sushi plate|寿司拼盘|assiette de sushis|Sushiteller|plato de sushi
    strawberry jam|草莓酱|confiture de fraises|Erdbeermarmelade|mermelada de fresa
    green tea|绿茶|thé vert|grüner Tee|té verde
    glass of red wine|一杯红酒|verre de vin rouge|Glas Rotwein|copa de vino tinto
    rabbit in a cage|笼子里的兔子|lapin en cage|Kaninchen im Käfig|conejo en una jaula
    sheepdog puppy|牧羊犬幼犬|chiot berger|Schäferhundwelpe|cachorro de pastor
    parrot|鹦鹉|perroquet|Papagei|loro
    spider|蜘蛛|araignée|Spinne|araña
    tiger|老虎|tigre|Tiger|tigre de Bengala
    cow in the barn|牛棚里的奶牛|vache dans l'étable|Kuh im Stall|vaca en el establo
    butterfly collection|蝴蝶标本|collection de papillons|Schmetterlingssammlung|colección de mariposas
    newborn twins|新生双胞胎|jumeaux nouveau-nés|neugeborene Zwillinge|gemelos recién nacidos
    school uniform|校服|uniforme scolaire|Schuluniform|uniforme escolar
    group photo of colleagues|同事合影|photo de groupe des collègues|Gruppenfoto der Kollegen|foto de grupo de colegas
    man with a beard|留胡子的男人|homme barbu|Mann mit Bart|hombre con barba
    woman reading a newspaper|看报纸的女人|femme lisant le journal|Frau liest Zeitung|mujer leyendo el periódico
    bride and groom|新郎新娘|les mariés|Braut und Bräutigam|los novios
    graduation ceremony|毕业典礼|remise des diplômes|Abschlussfeier|ceremonia de graduación
    boxing match|拳击比赛|combat de boxe|Boxkampf|combate de boxeo
    table tennis|乒乓球|tennis de table|Tischtennis|tenis de mesa
    golf club|高尔夫球杆|club de golf|Golfschläger|palo de golf
    marathon runner|马拉松选手|coureur de marathon|Marathonläufer|corredor de maratón
    yoga mat|瑜伽垫|tapis de yoga|Yogamatte|esterilla de yoga
    weight lifting|举重|haltérophilie|Gewichtheben|levantamiento de pesas
    jazz trumpet|爵士小号|trompette de jazz|Jazztrompete|trompeta de jazz
    karaoke bar|卡拉OK酒吧|bar karaoké|Karaokebar|bar de karaoke
    oil painting in a museum|博物馆里的油画|peinture à l'huile au musée|Ölgemälde im Museum|óleo en un museo
    marble statue|大理石雕像|statue en marbre|Marmorstatue|estatua de mármol
    comic book|漫画书|bande dessinée|Comicheft|cómic
    bookshelf|书架|étagère à livres|Bücherregal|estantería
    crossword puzzle|填字游戏|mots croisés|Kreuzworträtsel|crucigrama
    video game controller|游戏手柄|manette de jeu|Spielcontroller|mando de videojuegos
    graphics card|显卡|carte graphique|Grafikkarte|tarjeta gráfica
    server room|机房|salle des serveurs|Serverraum|sala de servidores
    USB cable|USB数据线|câble USB|USB-Kabel|cable USB
    spreadsheet formula|电子表格公式|formule de tableur|Tabellenformel|fórmula de hoja de cálculo
    website password|网站密码|mot de passe du site|Passwort der Webseite|contraseña del sitio web
    electricity bill|电费账单|facture d'électricité|Stromrechnung|recibo de la luz
    flu vaccination|流感疫苗|vaccin contre la grippe|Grippeimpfung|vacuna contra la gripe
    broken arm in plaster|打石膏的手臂|bras dans le plâtre|Arm in Gips|brazo escayolado
    x-ray of the chest|胸部X光片|radiographie du thorax|Röntgenbild der Brust|radiografía de tórax
    reading glasses|老花镜|lunettes de lecture|Lesebrille|gafas de lectura
    lipstick and nail polish|口红和指甲油|rouge à lèvres et vernis|Lippenstift und Nagellack|pintalabios y esmalte
    leather shoes|皮鞋|chaussures en cuir|Lederschuhe|zapatos de cuero
    wool sweater|羊毛衫|pull en laine|Wollpullover|jersey de lana
    gold necklace|金项链|collier en or|Goldkette|collar de oro
    handbag|手提包|sac à main|Handtasche|bolso
    ironing board|熨衣板|planche à repasser|Bügelbrett|tabla de planchar
    light bulb|灯泡|ampoule|Glühbirne|bombilla
    cordless drill|无线电钻|perceuse sans fil|Akkuschrauber|taladro inalámbrico
    bathroom tiles|浴室瓷砖|carrelage de salle de bains|Badezimmerfliesen|azulejos del baño
    kindergarten class|幼儿园班级|classe de maternelle|Kindergartengruppe|clase de infantil
    court judgment|法院判决|jugement du tribunal|Gerichtsurteil|sentencia judicial
    trade union strike|工会罢工|grève syndicale|Gewerkschaftsstreik|huelga sindical
    history of philosophy|哲学史|histoire de la philosophie|Geschichte der Philosophie|historia de la filosofía
    grammar exercise|语法练习|exercice de grammaire|Grammatikübung|ejercicio de gramática
    protein molecule|蛋白质分子|molécule de protéine|Proteinmolekül|molécula de proteína
    truck engine|卡车发动机|moteur de camion|Lastwagenmotor|motor de camión
    motorcycle helmet|摩托车头盔|casque de moto|Motorradhelm|casco de moto
    subway ticket|地铁票|ticket de métro|U-Bahn-Ticket|billete de metro
    airport security check|机场安检|contrôle de sécurité à l'aéroport|Sicherheitskontrolle am Flughafen|control de seguridad del aeropuerto
    supermarket checkout|超市收银台|caisse du supermarché|Supermarktkasse|caja del supermercado
    hotel reception|酒店前台|réception de l'hôtel|Hotelrezeption|recepción del hotel
    recipe for pancakes|煎饼食谱|recette de crêpes|Rezept für Pfannkuchen|receta de tortitas
    teddy bear|泰迪熊|ours en peluche|Teddybär|oso de peluche
    carpenter's workshop|木工作坊|atelier de menuisier|Tischlerwerkstatt|taller de carpintero
    firefighter|消防员|pompier|Feuerwehrmann|bombero
    newspaper headline|报纸头条|gros titre du journal|Schlagzeile|titular del periódico
    customer service hotline|客服热线|service clientèle|Kundendienst|servicio al cliente
    software update|软件更新|mise à jour du logiciel|Softwareaktualisierung|actualización de software
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
