"""Things the small CLIP does not know: off-topic words, random letters, meaningless pictures.

Training pushes them away from every scene; calibration uses others, of other topics.
"""

# ruff: noqa: E501 (the tables are read best unbroken)

from __future__ import annotations

import random
import re
from functools import cache

import numpy as np
from PIL import Image

from .canvas import Canvas
from .captions import (
    LANGUAGES,
    PHRASES,
    TRAINING_TEMPLATES,
    phrases,
    rows_of,
    templates,
    with_fillers,
    words,
)

TRAINING_TOPICS = """
    tax return|纳税申报|déclaration d'impôts|Steuererklärung|declaración de impuestos
    keyboard and mouse|键盘和鼠标|clavier et souris|Tastatur und Maus|teclado y ratón
    chemistry|化学|chimie|Chemie|química
    football|足球|football|Fußball|fútbol
    a dog on the sofa|沙发上的狗|un chien sur le canapé|ein Hund auf dem Sofa|un perro en el sofá
    cat|猫|chat|Katze|gato
    pizza with cheese|奶酪披萨|pizza au fromage|Pizza mit Käse|pizza con queso
    wedding dress|婚纱|robe de mariée|Brautkleid|vestido de novia
    baby laughing|宝宝大笑|bébé qui rit|lachendes Baby|bebé riendo
    dentist appointment|牙医预约|rendez-vous chez le dentiste|Zahnarzttermin|cita con el dentista
    bicycle repair|修自行车|réparation de vélo|Fahrradreparatur|reparación de bicicletas
    piano|钢琴|piano|Klavier|piano
    stock market|股票市场|marché boursier|Aktienmarkt|mercado de valores
    insect|昆虫|insecte|Insekt|insecto
    portrait of an astronaut|宇航员肖像|portrait d'un astronaute|Porträt eines Astronauten|retrato de un astronauta
    train timetable|火车时刻表|horaire des trains|Zugfahrplan|horario de trenes
    cup of coffee|一杯咖啡|tasse de café|Tasse Kaffee|taza de café
    window pane|窗玻璃|vitre|Fensterscheibe|cristal
    my grandmother|我的奶奶|ma grand-mère|meine Großmutter|mi abuela
    church organ|教堂管风琴|orgue d'église|Kirchenorgel|órgano de iglesia
    science textbook|科学课本|manuel de sciences|Lehrbuch|libro de ciencias
    elephant|大象|éléphant|Elefant|elefante
    horse race|赛马|course de chevaux|Pferderennen|carrera de caballos
    programming error|程序错误|erreur de programmation|Programmfehler|error de programación
    garlic and onions|大蒜和洋葱|ail et oignons|Knoblauch und Zwiebeln|ajo y cebollas
    president's speech|总统演讲|discours du président|Rede des Präsidenten|discurso del presidente
    temple gate|寺庙大门|porte du temple|Tempeltor|puerta del templo
    microscope slide|显微镜切片|lame de microscope|Objektträger|portaobjetos
    stapler|订书机|agrafeuse|Hefter|grapadora
    envelope and stamp|信封和邮票|enveloppe et timbre|Briefumschlag und Marke|sobre y sello
    drawer|抽屉|tiroir|Schublade|cajón
    conference call|电话会议|conférence téléphonique|Telefonkonferenz|videoconferencia
    sales report|销售报告|rapport des ventes|Verkaufsbericht|informe de ventas
    calendar of deadlines|截止日历|calendrier des échéances|Terminkalender|calendario de plazos
    signature on a form|表格上的签名|signature sur un formulaire|Unterschrift auf einem Formular|firma en un formulario
    birth certificate|出生证明|acte de naissance|Geburtsurkunde|certificado de nacimiento
    driving licence|驾照|permis de conduire|Führerschein|carné de conducir
    salary slip|工资单|fiche de paie|Gehaltszettel|nómina
    pension fund|养老基金|fonds de retraite|Rentenkasse|fondo de pensiones
    curriculum vitae|个人简历|curriculum|Lebenslauf|currículum
    business plan|商业计划|plan d'affaires|Geschäftsplan|plan de negocio
    bank transfer|银行转账|virement bancaire|Banküberweisung|transferencia bancaria
    coins in a wallet|钱包里的硬币|pièces dans un portefeuille|Münzen im Geldbeutel|monedas en la cartera
    cash dispenser|自动取款机|distributeur de billets|Geldautomat|cajero automático
    exchange rate|汇率|taux de change|Wechselkurs|tipo de cambio
    lottery numbers|彩票号码|numéros de loterie|Lottozahlen|números de lotería
    customs|海关|douane|Zoll|aduana
    ham sandwich|火腿三明治|sandwich au jambon|Schinkenbrötchen|bocadillo de jamón
    vanilla ice cream|香草雪糕|glace à la vanille|Vanilleeis|helado de vainilla
    cauliflower|菜花|chou-fleur|Blumenkohl|coliflor
    peanut butter|花生酱|beurre de cacahuète|Erdnussbutter|crema de cacahuete
    cucumber salad|黄瓜沙拉|salade de concombre|Gurkensalat|ensalada de pepino
    mashed potatoes|土豆泥|purée|Kartoffelbrei|puré
    rice with beans|豆子米饭|riz aux haricots|Reis mit Bohnen|arroz con frijoles
    sausage and mustard|香肠和芥末|saucisse et moutarde|Wurst mit Senf|salchicha y mostaza
    mushrooms|蘑菇|champignons|Pilze|setas
    dessert spoon|甜点勺|cuillère à dessert|Dessertlöffel|cucharilla de postre
    salt and pepper|盐和胡椒|sel et poivre|Salz und Pfeffer|sal y pimienta
    bottle of beer|一瓶啤酒|bouteille de bière|Flasche Bier|botella de cerveza
    orange juice|橙汁|jus d'orange|Orangensaft|zumo de naranja
    lemonade|柠檬水|limonade|Limonade|limonada
    milk and cereal|牛奶麦片|lait et céréales|Milch mit Haferflocken|leche con cereales
    apple|苹果|pomme|Apfel|manzana
    raspberries|覆盆子|framboises|Himbeeren|frambuesas
    lobster dinner|龙虾晚餐|dîner de homard|Hummeressen|cena de langosta
    beef stew|炖牛肉|ragoût de bœuf|Rindereintopf|estofado de ternera
    dumplings|锅贴|raviolis|Teigtaschen|empanadillas
    breakfast menu|早餐菜单|menu du petit-déjeuner|Frühstückskarte|menú del desayuno
    waiter in a restaurant|餐厅服务员|serveur au restaurant|Kellner im Restaurant|camarero del restaurante
    hamster wheel|仓鼠轮|roue de hamster|Hamsterrad|rueda de hámster
    guinea pig|豚鼠|cochon d'Inde|Meerschweinchen|cobaya
    lizard|蜥蜴|lézard|Eidechse|lagarto
    goat|山羊|chèvre|Ziege|cabra
    kangaroo|袋鼠|kangourou|Känguru|canguro
    crocodile|鳄鱼|crocodile|Krokodil|cocodrilo
    banana|香蕉|banane|Banane|plátano
    fish tank|鱼缸|aquarium|Aquarium|acuario
    snail|蜗牛|escargot|Schnecke|caracol
    bees and honey|蜜蜂和蜂蜜|abeilles et miel|Bienen und Honig|abejas y miel
    mosquito bite|蚊子包|piqûre de moustique|Mückenstich|picadura de mosquito
    crow|乌鸦|corbeau|Krähe|cuervo
    duckling|小鸭|caneton|Entenküken|patito
    pigs on a farm|农场的猪|cochons à la ferme|Schweine auf dem Hof|cerdos en la granja
    mouse trap|捕鼠夹|piège à souris|Mausefalle|ratonera
    wolf|狼|loup|Wolf|lobo
    veterinarian|兽医|vétérinaire|Tierarzt|veterinario
    volleyball net|排球网|filet de volley|Volleyballnetz|red de voleibol
    referee with a whistle|吹哨的裁判|arbitre avec un sifflet|Schiedsrichter mit Pfeife|árbitro con silbato
    gym membership|健身房会员|abonnement de sport|Fitnessstudio|gimnasio
    skateboard|滑板|skate|Skateboard|monopatín
    fencing sword|击剑|escrime|Fechten|esgrima
    judo belt|柔道腰带|ceinture de judo|Judogürtel|cinturón de judo
    archery target|射箭靶|cible de tir à l'arc|Zielscheibe beim Bogenschießen|diana de tiro con arco
    gymnastics|体操|gymnastique|Turnhalle|gimnasia
    world champion|世界冠军|champion du monde|Weltmeister|campeón del mundo
    ice hockey|冰球|hockey sur glace|Eishockey|hockey sobre hielo
    billiards|台球|billard|Billard|billar
    trophy|奖杯|trophée|Pokal|trofeo
    cough|咳嗽|toux|Husten|tos
    headache|头痛|mal de tête|Kopfschmerzen|dolor de cabeza
    blood pressure|血压|tension artérielle|Blutdruck|presión arterial
    surgeon|外科医生|chirurgien|Chirurg|cirujano
    nurse|护士|infirmière|Krankenschwester|enfermera
    heart attack|心脏病发作|crise cardiaque|Herzinfarkt|infarto
    fever thermometer|体温计|thermomètre|Fieberthermometer|termómetro
    pregnancy test|验孕棒|test de grossesse|Schwangerschaftstest|prueba de embarazo
    allergy|过敏|allergie|Allergie|alergia
    eye doctor|眼科医生|ophtalmologue|Augenarzt|oculista
    bandage|绷带|bandage|Verband|venda
    skin cream|护肤霜|crème pour la peau|Hautcreme|crema para la piel
    homework|家庭作业|devoirs|Hausaufgaben|deberes
    set square|三角尺|équerre|Geodreieck|escuadra
    blackboard and chalk|黑板和粉笔|tableau noir et craie|Tafel und Kreide|pizarra y tiza
    university|大学|université|Universität|universidad
    librarian|图书管理员|bibliothécaire|Bibliothekarin|bibliotecaria
    dictionary|词典|dictionnaire|Wörterbuch|diccionario
    biology experiment|生物实验|expérience de biologie|Biologieexperiment|experimento de biología
    laboratory rat|实验室老鼠|rat de laboratoire|Laborratte|rata de laboratorio
    statistics|统计|statistiques|Statistik|estadística
    algebra equation|代数方程|équation|Gleichung|ecuación
    genetic analysis|基因分析|analyse génétique|Genanalyse|análisis genético
    student dormitory|学生宿舍|résidence étudiante|Studentenwohnheim|residencia de estudiantes
    pocket calculator|计算器|calculatrice|Taschenrechner|calculadora
    atlas|地图册|atlas|Atlas|atlas
    frying pan|平底锅|poêle|Bratpfanne|sartén
    dishwasher|洗碗机|lave-vaisselle|Geschirrspüler|lavavajillas
    shower curtain|浴帘|rideau de douche|Duschvorhang|cortina de ducha
    bed and pillow|床和枕头|lit et oreiller|Bett und Kissen|cama y almohada
    alarm clock|闹钟|réveil|Wecker|despertador
    rubbish bin|垃圾桶|poubelle|Mülleimer|cubo de basura
    soap and towel|肥皂和毛巾|savon et serviette|Seife und Handtuch|jabón y toalla
    wardrobe|衣柜|armoire|Kleiderschrank|armario
    carpet|地毯|moquette|Teppich|alfombra
    staircase|楼梯|escalier|Treppenhaus|escalera
    door key|门钥匙|clé de la porte|Türschlüssel|llave de la puerta
    scissors and glue|剪刀和胶水|ciseaux et colle|Schere und Kleber|tijeras y pegamento
    hammer and nails|锤子和钉子|marteau et clous|Hammer und Nägel|martillo y clavos
    screwdriver|螺丝刀|tournevis|Schraubenzieher|destornillador
    bucket and mop|水桶和拖把|seau et serpillière|Eimer und Wischmopp|cubo y fregona
    plumber|水管工|plombier|Klempner|fontanero
    ventilator|风扇|ventilateur|Ventilator|ventilador
    microwave|微波炉|micro-ondes|Mikrowelle|microondas
    diapers|尿布|couches|Windeln|pañales
    lighter and matches|打火机和火柴|briquet et allumettes|Feuerzeug und Streichhölzer|mechero y cerillas
    moving boxes|搬家纸箱|cartons de déménagement|Umzugskartons|cajas de mudanza
    radiator|暖气|chauffage|Heizung|calefacción
    router|路由器|routeur|Router|enrutador
    email inbox|电子邮箱|messagerie électronique|E-Mail-Postfach|bandeja de correo
    chat message|聊天消息|message instantané|Chatnachricht|mensaje de chat
    hard disk|硬盘|disque dur|Festplatte|disco duro
    robot|机器人|robot|Roboter|robot
    artificial intelligence|人工智能|intelligence artificielle|künstliche Intelligenz|inteligencia artificial
    backup|备份|sauvegarde|Datensicherung|respaldo
    firewall|防火墙|pare-feu|Firewall|cortafuegos
    headphones|耳机|écouteurs|Kopfhörer|auriculares
    television series|电视剧|série télévisée|Fernsehserie|serie de televisión
    loudspeaker|扬声器|haut-parleur|Lautsprecher|altavoz
    source code|源代码|code source|Quellcode|código fuente
    prison cell|牢房|cellule de prison|Gefängniszelle|celda de prisión
    divorce|离婚|divorce|Scheidung|divorcio
    parliament debate|议会辩论|débat au parlement|Parlamentsdebatte|debate en el parlamento
    peace treaty|和平条约|traité de paix|Friedensvertrag|tratado de paz
    soldier|士兵|soldat|Soldat|soldado
    minister|部长|ministre|Minister|ministro
    burglar|小偷|cambrioleur|Einbrecher|ladrón
    mayor|市长|maire|Bürgermeister|alcalde
    tractor|拖拉机|tracteur|Traktor|tractor
    flat tyre|漏气轮胎|pneu crevé|Reifenpanne|rueda pinchada
    petrol pump|加油机|pompe à essence|Zapfsäule|surtidor de gasolina
    ambulance|救护车|ambulance|Krankenwagen|ambulancia
    helicopter|直升机|hélicoptère|Hubschrauber|helicóptero
    aeroplane seat|飞机座位|siège d'avion|Flugzeugsitz|asiento de avión
    taxi|出租车|taxi|Taxi|taxi
    scooter|踏板车|trottinette|Roller|patinete
    crane|起重机|grue|Baukran|grúa
    forklift|叉车|chariot élévateur|Gabelstapler|carretilla elevadora
    brake pads|刹车片|plaquettes de frein|Bremsbeläge|pastillas de freno
    necktie|领带|cravate|Krawatte|corbata
    jeans|牛仔裤|jean|Jeanshose|vaqueros
    socks|袜子|chaussettes|Socken|calcetines
    rubber boots|胶靴|bottes en caoutchouc|Gummistiefel|botas de goma
    sandals|凉鞋|sandales|Sandalen|sandalias
    fur coat|皮草大衣|manteau de fourrure|Pelzmantel|abrigo de piel
    silk scarf|丝巾|foulard en soie|Seidenschal|pañuelo de seda
    hat|帽子|chapeau|Hut|sombrero
    earrings|耳环|boucles d'oreilles|Ohrringe|pendientes
    bathrobe|浴袍|peignoir|Bademantel|albornoz
    tailor|裁缝|tailleur|Schneider|sastre
    zipper|拉链|fermeture éclair|Reißverschluss|cremallera
    flute|长笛|flûte|Querflöte|flauta
    opera singer|歌剧演员|chanteuse d'opéra|Opernsängerin|cantante de ópera
    theatre stage|剧院舞台|scène de théâtre|Theaterbühne|escenario del teatro
    movie poster|电影海报|affiche de film|Filmplakat|cartel de película
    choir|合唱团|chorale|Chor|coro
    pottery|陶器|poterie|Töpferei|cerámica
    poem|诗|poème|Gedicht|poema
    novel|小说|roman|Roman|novela
    vinyl record|黑胶唱片|vinyle|Schallplatte|vinilo
    bell|铃铛|cloche|Glocke|campana
    fairy tale|童话|conte de fées|Märchen|cuento de hadas
    puppet|木偶|marionnette|Marionette|marioneta
    little brother|弟弟|petit frère|kleiner Bruder|hermano pequeño
    husband|丈夫|mari|Ehemann|marido
    neighbour|邻居|voisin|Nachbar|vecino
    teenager|青少年|adolescent|Jugendlicher|adolescente
    clown|小丑|clown|Clown|payaso
    king and queen|国王和王后|roi et reine|König und Königin|rey y reina
    ghost|鬼|fantôme|Gespenst|fantasma
    jealousy|嫉妒|jalousie|Eifersucht|celos
    fear|恐惧|peur|Angst|miedo
    anger|愤怒|colère|Wut|ira
    boredom|无聊|ennui|Langeweile|aburrimiento
    loneliness|孤独|solitude|Einsamkeit|soledad
    pride|骄傲|fierté|Stolz|orgullo
    tears|眼泪|larmes|Tränen|lágrimas
    a kiss|吻|un baiser|ein Kuss|un beso
    quarrel|争吵|dispute|Streit|pelea
    nightmare|噩梦|cauchemar|Albtraum|pesadilla
    forgiveness|原谅|pardon|Verzeihung|perdón
    freedom of speech|言论自由|liberté d'expression|Meinungsfreiheit|libertad de expresión
    equality|平等|égalité|Gleichheit|igualdad
    inflation|通货膨胀|inflation|Inflation|inflación
    unemployment|失业|chômage|Arbeitslosigkeit|desempleo
    religion|宗教|religion|Religion|religión
    truth and lies|真相与谎言|vérité et mensonge|Wahrheit und Lüge|verdad y mentira
    question mark|问号|point d'interrogation|Fragezeichen|signo de interrogación
    alphabet|字母表|alphabet|Alphabet|abecedario
    probability|概率|probabilité|Wahrscheinlichkeit|probabilidad
    routine|例行公事|routine|Routine|rutina
    translation|翻译|traduction|Übersetzung|traducción
    advertising|广告|publicité|Werbung|publicidad
    opinion poll|民意调查|sondage|Umfrage|encuesta
    butcher's shop|肉店|boucherie|Metzgerei|carnicería
    shopping trolley|购物车|chariot de courses|Einkaufswagen|carro de la compra
    price tag|价格标签|étiquette de prix|Preisschild|etiqueta de precio
    discount coupon|优惠券|bon de réduction|Rabattgutschein|cupón de descuento
    shop window mannequin|橱窗模特|mannequin|Schaufensterpuppe|maniquí
    toy store|玩具店|magasin de jouets|Spielwarenladen|juguetería
    parcel delivery|快递包裹|livraison de colis|Paketlieferung|entrega de paquetes
    warehouse|仓库|entrepôt|Lagerhalle|almacén
    factory worker|工厂工人|ouvrier d'usine|Fabrikarbeiter|obrero de fábrica
    refund|退款|remboursement|Rückerstattung|reembolso
    poker|扑克|poker|Poker|póker
    dice|骰子|dés|Würfel|dados
    building blocks|积木|cubes|Bauklötze|bloques
    doll|洋娃娃|poupée|Puppe|muñeca
    playground swing|秋千|balançoire|Schaukel|columpio
    cigarette|香烟|cigarette|Zigarette|cigarrillo
    tattoo|纹身|tatouage|Tätowierung|tatuaje
    perfume|香水|parfum|Parfüm|perfume
    wig|假发|perruque|Perücke|peluca
    funeral|葬礼|enterrement|Beerdigung|funeral
    cement|水泥|ciment|Zement|cemento
    fossil|化石|fossile|Fossil|fósil
    diamond|钻石|diamant|Diamant|diamante
    petroleum|石油|pétrole|Erdöl|petróleo
    coal mine|煤矿|mine de charbon|Kohlebergwerk|mina de carbón
    portfolio|作品集|portfolio|Mappe|portafolio
    suitcase|行李箱|valise|Koffer|maleta
    Monday|星期一|lundi|Montag|lunes
    Wednesday|星期三|mercredi|Mittwoch|miércoles
    commerce|贸易|commerce|Handel|comercio
    brand name|品牌|marque|Marke|marca
    nerve|神经|nerf|Nerv|nervio
    niece|侄女|nièce|Nichte|sobrina
    cousin|表哥|cousin|Vetter|primo
    accountant|会计|comptable|Buchhalter|contable
    radio broadcast|广播|émission de radio|Radiosendung|emisora de radio
    magnet|磁铁|aimant|Magnet|imán
    administration|行政|administration|Verwaltung|administración
"""

CALIBRATION_TOPICS = """
    quarterly budget meeting|季度预算会议|réunion budgétaire|Haushaltssitzung|reunión de presupuesto
    how to bake bread|如何烤面包|comment faire du pain|wie man Brot backt|cómo hacer pan
    printer|打印机|imprimante|Drucker|impresora
    guitar concert|吉他音乐会|concert de guitare|Gitarrenkonzert|concierto de guitarra
    a chess game|一盘国际象棋|une partie d'échecs|eine Schachpartie|una partida de ajedrez
    penguin in the zoo|动物园的企鹅|manchot au zoo|Pinguin im Zoo|pingüino en el zoo
    car insurance|汽车保险|assurance automobile|Autoversicherung|seguro de coche
    hospital corridor|医院走廊|couloir d'hôpital|Krankenhausflur|pasillo de hospital
    spicy noodles|辣面条|nouilles épicées|scharfe Nudeln|fideos picantes
    election|选举|élections|Wahlen|elecciones
    leather armchair|皮扶手椅|fauteuil en cuir|Ledersessel|sillón de cuero
    birthday candles|生日蜡烛|bougies d'anniversaire|Geburtstagskerzen|velas de cumpleaños
    quantum physics|量子物理|physique quantique|Quantenphysik|física cuántica
    haircut|理发|coupe de cheveux|Haarschnitt|corte de pelo
    swimming pool rules|泳池规定|règlement de la piscine|Schwimmbadordnung|reglas de la piscina
    pencil drawing of a hand|手的铅笔画|dessin d'une main|Bleistiftzeichnung einer Hand|dibujo de una mano
    sourdough starter|酸面种|levain|Sauerteig|masa madre
    mortgage contract|房贷合同|contrat de prêt immobilier|Hypothekenvertrag|contrato de hipoteca
    job interview|求职面试|entretien d'embauche|Vorstellungsgespräch|entrevista de trabajo
    electric toothbrush|电动牙刷|brosse à dents électrique|elektrische Zahnbürste|cepillo de dientes eléctrico
    refrigerator|冰箱|réfrigérateur|Kühlschrank|frigorífico
    kitchen knife|菜刀|couteau de cuisine|Küchenmesser|cuchillo de cocina
    hamburger with fries|汉堡和薯条|hamburger avec frites|Hamburger mit Pommes|hamburguesa con patatas
    sushi plate|寿司拼盘|assiette de sushis|Sushiteller|plato de sushi
    strawberry jam|草莓酱|confiture de fraises|Erdbeermarmelade|mermelada de fresa
    green tea|绿茶|thé vert|grüner Tee|té verde
    glass of wine|一杯葡萄酒|verre de vin|Glas Wein|copa de vino
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
    server room|机房|salle des serveurs|Serverraum|sala de servidores
    USB cable|USB数据线|câble USB|USB-Kabel|cable USB
    spreadsheet formula|电子表格公式|formule de tableur|Tabellenformel|fórmula de hoja de cálculo
    website password|网站密码|mot de passe du site|Passwort der Webseite|contraseña del sitio web
    electricity bill|电费账单|facture d'électricité|Stromrechnung|recibo de la luz
    flu|流感|grippe|Grippe|gripe
    arm in plaster|打石膏的手臂|bras dans le plâtre|Arm in Gips|brazo escayolado
    x-ray of the chest|胸部X光片|radiographie du thorax|Röntgenbild der Brust|radiografía de tórax
    reading glasses|老花镜|lunettes de lecture|Lesebrille|gafas de lectura
    nail polish|指甲油|vernis à ongles|Nagellack|esmalte de uñas
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
    subway|地铁|métro|U-Bahn|metro
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
    return " ".join(pseudo_word(chance) for _ in range(chance.randint(1, most)))


def pseudo_word(chance: random.Random) -> str:
    return "".join(chance.choice(fragments()) for _ in range(chance.randint(1, 3)))


@cache
def scene_words() -> list[str]:
    """Return the longer words that training sees of scenes, but the Chinese."""
    rows = [row for scene in PHRASES for row in phrases(scene)] + [row for row, _ in words()]
    texts = " ".join(text for row in rows for text in row)
    return sorted(set(re.findall(r"[a-zà-ÿ]{4,}", texts.lower())))


@cache
def scene_characters() -> list[str]:
    """Return the Chinese characters of scenes that are no words themselves."""
    whole = {row[1] for row, _ in words()}
    return sorted(
        {letter for scene in PHRASES for row in phrases(scene) for letter in row[1]} - whole
    )


def glued_words(chance: random.Random) -> str:
    """Write one or two words that begin or end as a scene's word does, and mean nothing."""
    if chance.random() < 0.25:
        letters = [chance.choice(han_characters()) for _ in range(chance.randint(1, 3))]
        letters.insert(chance.randint(0, len(letters)), chance.choice(scene_characters()))
        return "".join(letters)
    found = []
    for _ in range(chance.randint(1, 2)):
        word = chance.choice(scene_words())
        length = chance.randint(2, len(word) - 1)
        rest = pseudo_word(chance)
        found.append(word[:length] + rest if chance.random() < 0.5 else rest + word[-length:])
    return " ".join(found)


def framed(text: str, language: str, chance: random.Random) -> str:
    """Put a template or fillers around a text, or nothing."""
    kind = chance.random()
    if kind < 0.4:
        frame = chance.choice(templates(TRAINING_TEMPLATES))
        return frame[LANGUAGES.index(language)].format(text)
    return with_fillers(text, language, chance) if kind < 0.7 else text


def off_topic(chance: random.Random) -> tuple[str, str]:
    """Return one training distractor in two languages (without meaning: twice the same)."""
    kind = chance.random()
    if kind < 0.5:
        language = chance.choice(LANGUAGES)
        if kind < 0.1:
            return (with_fillers("", language, chance).strip(),) * 2
        text = chance.choice([random_letters, pseudo_words, glued_words])(chance)
        return (framed(text, language, chance),) * 2
    rows = chance.sample(rows_of(TRAINING_TOPICS), chance.choice([1, 1, 2]))
    one, two = (
        framed(" ".join(row[column] for row in rows), LANGUAGES[column], chance)
        for column in chance.sample(range(len(LANGUAGES)), 2)
    )
    return one, two


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
