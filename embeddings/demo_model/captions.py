"""Say in five languages what a scene shows: phrases, single words, sentence templates.

Columns are always LANGUAGES in order, separated by "|"; one row is one meaning. What training
sees and what evaluation asks never mix: the last HELD_OUT_PHRASES rows of every scene and all
of HELD_OUT_TEMPLATES, CALIBRATION_TEMPLATES are kept out of training.
"""

# ruff: noqa: E501 (the tables are read best unbroken)

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

LANGUAGES = ("en", "zh", "fr", "de", "es")
HELD_OUT_PHRASES = 2

PHRASES = {
    "sunset_sea": """
        sunset over the sea|海上日落|coucher de soleil sur la mer|Sonnenuntergang über dem Meer|puesta de sol sobre el mar
        the sun setting over the ocean|夕阳落入大海|le soleil se couche sur l'océan|die Sonne geht über dem Ozean unter|el sol se pone sobre el océano
        red evening sky above the water|水面上的红色晚霞|ciel rouge du soir au-dessus de l'eau|roter Abendhimmel über dem Wasser|cielo rojo del atardecer sobre el agua
        evening sun at the seaside|海边的夕阳|soleil du soir au bord de la mer|Abendsonne am Meer|sol de la tarde junto al mar
        the evening sun over the ocean|海洋上的夕阳|le soleil du soir sur l'océan|die Abendsonne über dem Ozean|el sol de la tarde sobre el océano
        a red sunset at the seaside|海边红色的日落|un coucher de soleil rouge au bord de la mer|ein roter Sonnenuntergang am Meer|una puesta de sol roja junto al mar""",
    "snow_mountain": """
        snowy mountains|雪山|montagnes enneigées|verschneite Berge|montañas nevadas
        mountains covered with snow|被雪覆盖的山|montagnes couvertes de neige|mit Schnee bedeckte Berge|montañas cubiertas de nieve
        snow-capped peaks|白雪皑皑的山峰|sommets enneigés|schneebedeckte Gipfel|picos nevados
        a high white summit in winter|冬天的白色高峰|un haut sommet blanc en hiver|ein hoher weißer Gipfel im Winter|una alta cumbre blanca en invierno
        a snow-covered mountain peak|被雪覆盖的山峰|un sommet de montagne couvert de neige|ein mit Schnee bedeckter Berggipfel|un pico de montaña cubierto de nieve
        high mountains in the snow|雪中的高山|hautes montagnes sous la neige|hohe Berge im Schnee|altas montañas con nieve""",
    "forest_path": """
        forest path|森林小路|sentier en forêt|Waldweg|sendero en el bosque
        a trail through the woods|树林里的小径|un chemin à travers les bois|ein Pfad durch den Wald|un camino por el bosque
        a path between tall trees|高大树木之间的小路|un sentier entre de grands arbres|ein Weg zwischen hohen Bäumen|un sendero entre árboles altos
        light falling through a green forest|光线穿过绿色森林|lumière à travers une forêt verte|Licht fällt durch einen grünen Wald|luz a través de un bosque verde
        a green trail in the forest|森林里的绿色小径|un chemin vert dans la forêt|ein grüner Pfad im Wald|un camino verde en el bosque
        a walk through tall trees|穿过高大树木的小径|un chemin à travers de grands arbres|ein Weg durch hohe Bäume|un camino entre grandes árboles""",
    "city_night": """
        city at night|夜晚的城市|ville la nuit|Stadt bei Nacht|ciudad de noche
        skyline with lit towers|灯火通明的高楼天际线|gratte-ciel illuminés|Skyline mit beleuchteten Hochhäusern|rascacielos iluminados
        illuminated buildings at night|夜里明亮的楼房|immeubles éclairés la nuit|beleuchtete Gebäude bei Nacht|edificios iluminados por la noche
        street traffic between skyscrapers|高楼之间的街道车流|circulation entre les gratte-ciel|Straßenverkehr zwischen Wolkenkratzern|tráfico entre rascacielos
        skyscrapers lit up at night|夜里灯火通明的高楼|gratte-ciel éclairés la nuit|beleuchtete Wolkenkratzer bei Nacht|rascacielos iluminados por la noche
        the skyline of a city|城市的天际线|les gratte-ciel d'une ville|die Skyline einer Stadt|los rascacielos de una ciudad""",
    "desert": """
        desert dunes|沙漠沙丘|dunes du désert|Wüstendünen|dunas del desierto
        sand dunes in the desert|沙漠里的沙丘|dunes de sable dans le désert|Sanddünen in der Wüste|dunas de arena en el desierto
        hot dry sand under the sun|烈日下干热的沙子|sable chaud et sec sous le soleil|heißer trockener Sand unter der Sonne|arena caliente y seca bajo el sol
        the shadow of a dune|沙丘的影子|l'ombre d'une dune|der Schatten einer Düne|la sombra de una duna
        the hot desert|炎热的沙漠|le désert chaud|die heiße Wüste|el desierto caliente
        a dune of dry sand|干沙的沙丘|une dune de sable sec|eine Düne aus trockenem Sand|una duna de arena seca""",
    "beach": """
        beach with palm trees|有棕榈树的海滩|plage avec des palmiers|Strand mit Palmen|playa con palmeras
        palm tree on a tropical beach|热带海滩上的棕榈树|palmier sur une plage tropicale|Palme an einem tropischen Strand|palmera en una playa tropical
        sandy beach in summer|夏天的沙滩|plage de sable en été|Sandstrand im Sommer|playa de arena en verano
        turquoise water on a tropical island|热带岛屿的碧绿海水|eau turquoise sur une île tropicale|türkises Wasser auf einer tropischen Insel|agua turquesa en una isla tropical
        palms on an island beach|岛屿海滩上的棕榈树|des palmiers sur la plage d'une île|Palmen am Strand einer Insel|palmeras en la playa de una isla
        a tropical beach in summer|夏天的热带海滩|une plage tropicale en été|ein tropischer Strand im Sommer|una playa tropical en verano""",
    "lake": """
        mountain lake with reflection|高山湖泊倒影|lac de montagne avec reflet|Bergsee mit Spiegelung|lago de montaña con reflejo
        mountains reflected in a lake|山倒映在湖中|montagnes reflétées dans un lac|Berge spiegeln sich in einem See|montañas reflejadas en un lago
        calm alpine lake|平静的高山湖|lac alpin calme|ruhiger Bergsee in den Alpen|lago alpino tranquilo
        still water like a mirror below the peaks|山峰下如镜的静水|eau calme comme un miroir sous les sommets|stilles Wasser wie ein Spiegel unter den Gipfeln|agua quieta como un espejo bajo los picos
        a calm lake below the mountains|山下平静的湖|un lac calme sous les montagnes|ein ruhiger See unter den Bergen|un lago tranquilo bajo las montañas
        reflection in a still lake|静静的湖中倒影|reflet dans un lac calme|Spiegelung in einem stillen See|reflejo en un lago quieto""",
    "rainbow": """
        rainbow over green hills|绿色山丘上的彩虹|arc-en-ciel sur des collines vertes|Regenbogen über grünen Hügeln|arcoíris sobre colinas verdes
        a rainbow in the sky|天空中的彩虹|un arc-en-ciel dans le ciel|ein Regenbogen am Himmel|un arcoíris en el cielo
        a colourful bow after the rain|雨后的七色彩虹|un arc coloré après la pluie|ein bunter Bogen nach dem Regen|un arco de colores después de la lluvia
        hills with a rainbow|山丘和彩虹|collines avec un arc-en-ciel|Hügel mit einem Regenbogen|colinas con un arcoíris
        a rainbow after the rain|雨后的彩虹|un arc-en-ciel après la pluie|ein Regenbogen nach dem Regen|un arcoíris después de la lluvia
        a colourful rainbow above the hills|山丘上空的七色彩虹|un arc-en-ciel coloré au-dessus des collines|ein bunter Regenbogen über den Hügeln|un arcoíris de colores sobre las colinas""",
    "starry_sky": """
        starry night sky|星空|ciel étoilé|Sternenhimmel|cielo estrellado
        stars in the night sky|夜空中的星星|étoiles dans le ciel nocturne|Sterne am Nachthimmel|estrellas en el cielo nocturno
        the Milky Way|银河|la Voie lactée|die Milchstraße|la Vía Láctea
        a dark sky full of stars|满天繁星的夜空|un ciel sombre plein d'étoiles|ein dunkler Himmel voller Sterne|un cielo oscuro lleno de estrellas
        the Milky Way in a starry sky|星空中的银河|la Voie lactée dans un ciel étoilé|die Milchstraße am Sternenhimmel|la Vía Láctea en un cielo estrellado
        a night full of stars|满天星星的夜晚|une nuit pleine d'étoiles|eine Nacht voller Sterne|una noche llena de estrellas""",
    "moon_sea": """
        full moon over the sea|海上满月|pleine lune sur la mer|Vollmond über dem Meer|luna llena sobre el mar
        moonlight on the water|水面上的月光|clair de lune sur l'eau|Mondlicht auf dem Wasser|luz de luna en el agua
        the moon above the ocean at night|夜晚海洋上的月亮|la lune au-dessus de l'océan la nuit|der Mond über dem Ozean bei Nacht|la luna sobre el océano de noche
        the moon shining on dark waves|月亮照着黑暗的波浪|la lune brille sur les vagues sombres|der Mond scheint auf dunkle Wellen|la luna brilla sobre las olas oscuras
        moonlight over the dark sea|黑暗大海上的月光|clair de lune sur la mer sombre|Mondlicht über dem dunklen Meer|luz de luna sobre el mar oscuro
        a full moon at night|夜晚的满月|une pleine lune la nuit|ein Vollmond bei Nacht|una luna llena de noche""",
    "waterfall": """
        waterfall|瀑布|cascade|Wasserfall|cascada
        a waterfall between rocks|岩石间的瀑布|une cascade entre les rochers|ein Wasserfall zwischen Felsen|una cascada entre rocas
        water falling from a cliff|从悬崖落下的水|eau tombant d'une falaise|Wasser fällt von einer Klippe|agua que cae de un acantilado
        white water rushing down mossy rocks|白色水流冲下长满苔藓的岩石|eau blanche dévalant des rochers moussus|weißes Wasser stürzt über moosige Felsen|agua blanca que baja por rocas con musgo
        a waterfall on a cliff|悬崖上的瀑布|une cascade sur une falaise|ein Wasserfall an einer Klippe|una cascada en un acantilado
        falling water and mossy rocks|落下的水和长满苔藓的岩石|eau qui tombe et rochers moussus|fallendes Wasser und moosige Felsen|agua que cae y rocas con musgo""",
    "autumn": """
        autumn trees|秋天的树|arbres en automne|Bäume im Herbst|árboles en otoño
        trees with orange leaves|橙色树叶的树|arbres aux feuilles orange|Bäume mit orangefarbenen Blättern|árboles con hojas naranjas
        colourful fall foliage|彩色的秋叶|feuillage d'automne coloré|buntes Herbstlaub|follaje de otoño colorido
        fallen leaves on the ground in October|十月地上的落叶|feuilles mortes au sol en octobre|gefallene Blätter am Boden im Oktober|hojas caídas en el suelo en octubre
        orange autumn leaves|橙色的秋叶|feuilles d'automne orange|orangefarbene Herbstblätter|hojas naranjas de otoño
        colourful trees in October|十月彩色的树|arbres colorés en octobre|bunte Bäume im Oktober|árboles coloridos en octubre""",
    "volcano": """
        erupting volcano|火山喷发|volcan en éruption|ausbrechender Vulkan|volcán en erupción
        a volcano with lava|有熔岩的火山|un volcan avec de la lave|ein Vulkan mit Lava|un volcán con lava
        volcanic eruption with fire and smoke|火光和浓烟的火山爆发|éruption volcanique avec feu et fumée|Vulkanausbruch mit Feuer und Rauch|erupción volcánica con fuego y humo
        glowing lava on a dark mountain|黑山上发光的熔岩|lave brûlante sur une montagne sombre|glühende Lava auf einem dunklen Berg|lava ardiente en una montaña oscura
        glowing lava from a volcano|火山发光的熔岩|lave brûlante d'un volcan|glühende Lava aus einem Vulkan|lava ardiente de un volcán
        fire and smoke above the volcano|火山上的火光和浓烟|feu et fumée au-dessus du volcan|Feuer und Rauch über dem Vulkan|fuego y humo sobre el volcán""",
    "fireworks": """
        fireworks in the night sky|夜空中的烟花|feux d'artifice dans le ciel nocturne|Feuerwerk am Nachthimmel|fuegos artificiales en el cielo nocturno
        colourful fireworks|彩色烟花|feux d'artifice colorés|buntes Feuerwerk|fuegos artificiales de colores
        firework display over the town|小镇上空的烟花表演|spectacle de feux d'artifice sur la ville|Feuerwerk über der Stadt|espectáculo de fuegos artificiales sobre la ciudad
        rockets exploding at New Year|新年绽放的焰火|fusées du Nouvel An|Raketen an Silvester|cohetes de Año Nuevo
        New Year fireworks|新年烟花|feux d'artifice du Nouvel An|Feuerwerk an Silvester|fuegos artificiales de Año Nuevo
        a colourful firework display|彩色的烟花表演|un spectacle de feux d'artifice coloré|ein buntes Feuerwerk am Himmel|un espectáculo de fuegos artificiales de colores""",
    "road": """
        road to the horizon|通向地平线的公路|route vers l'horizon|Straße zum Horizont|carretera hacia el horizonte
        a long straight road through fields|穿过田野的笔直公路|une longue route droite à travers champs|eine lange gerade Straße durch Felder|una larga carretera recta entre campos
        country road|乡村公路|route de campagne|Landstraße|carretera rural
        an empty highway with white lines|有白线的空旷公路|une autoroute vide aux lignes blanches|ein leerer Highway mit weißen Linien|una autopista vacía con líneas blancas
        a straight empty road|笔直空旷的公路|une route droite et vide|eine gerade leere Straße|una carretera recta y vacía
        a long road to the horizon|通向地平线的长公路|une longue route vers l'horizon|eine lange Straße zum Horizont|una larga carretera hacia el horizonte""",
    "lighthouse": """
        lighthouse on the coast|海岸上的灯塔|phare sur la côte|Leuchtturm an der Küste|faro en la costa
        a lighthouse by the sea|海边的灯塔|un phare au bord de la mer|ein Leuchtturm am Meer|un faro junto al mar
        red and white lighthouse|红白相间的灯塔|phare rouge et blanc|rot-weißer Leuchtturm|faro rojo y blanco
        a striped tower on the rocks of the shore|岸边岩石上的条纹塔|une tour rayée sur les rochers du rivage|ein gestreifter Turm auf den Felsen am Ufer|una torre a rayas sobre las rocas de la orilla
        a red and white lighthouse on the coast|海岸上红白相间的灯塔|un phare rouge et blanc sur la côte|ein rot-weißer Leuchtturm an der Küste|un faro rojo y blanco en la costa
        a lighthouse on the rocks|岩石上的灯塔|un phare sur les rochers|ein Leuchtturm auf den Felsen|un faro sobre las rocas""",
    "snow_cabin": """
        cabin in the snow|雪中小屋|cabane dans la neige|Hütte im Schnee|cabaña en la nieve
        a snow-covered hut in winter|冬天被雪覆盖的小屋|un chalet enneigé en hiver|eine verschneite Hütte im Winter|una cabaña nevada en invierno
        winter cottage with lit windows|窗户亮着灯的冬日木屋|chalet d'hiver aux fenêtres éclairées|Winterhütte mit beleuchteten Fenstern|casita de invierno con ventanas iluminadas
        a wooden house among snowy firs|雪杉间的木屋|une maison en bois parmi les sapins enneigés|ein Holzhaus zwischen verschneiten Tannen|una casa de madera entre abetos nevados
        a wooden cabin in winter|冬天的木屋|une cabane en bois en hiver|eine Holzhütte im Winter|una cabaña de madera en invierno
        a snowy cottage with lit windows|窗户亮着灯的雪中木屋|un chalet enneigé aux fenêtres éclairées|eine verschneite Hütte mit beleuchteten Fenstern|una casita nevada con ventanas iluminadas""",
    "misty_hills": """
        fog in the valley|山谷中的雾|brouillard dans la vallée|Nebel im Tal|niebla en el valle
        misty hills|雾中的山丘|collines brumeuses|neblige Hügel|colinas brumosas
        foggy morning landscape|雾天早晨的风景|paysage de matin brumeux|neblige Morgenlandschaft|paisaje de mañana con niebla
        ridges fading into the haze|消失在薄雾中的山脊|crêtes qui se perdent dans la brume|Bergrücken im Dunst|crestas que se pierden en la bruma
        morning fog over the valley|山谷上的晨雾|brouillard du matin sur la vallée|Morgennebel über dem Tal|niebla de la mañana sobre el valle
        hills in the morning haze|晨雾中的山丘|collines dans la brume du matin|Hügel im Dunst am Morgen|colinas en la bruma de la mañana""",
    "aurora": """
        northern lights|北极光|aurore boréale|Nordlichter|aurora boreal
        green aurora in the sky|天空中的绿色极光|aurore verte dans le ciel|grünes Polarlicht am Himmel|aurora verde en el cielo
        polar lights over the snow|雪地上的极光|lumières polaires sur la neige|Polarlichter über dem Schnee|luces polares sobre la nieve
        aurora borealis on an arctic night|北极夜晚的极光|aurore boréale dans la nuit arctique|Aurora borealis in der arktischen Nacht|aurora boreal en la noche ártica
        green northern lights|绿色的北极光|aurore boréale verte|grüne Nordlichter|aurora boreal verde
        an arctic night with polar lights|北极的夜晚和极光|une nuit arctique avec des lumières polaires|eine arktische Nacht mit Polarlichtern|una noche ártica con luces polares""",
    "harbour_lights": """
        harbour lights at dusk|黄昏的港口灯光|lumières du port au crépuscule|Hafenlichter in der Dämmerung|luces del puerto al anochecer
        boats in the harbour in the evening|傍晚港口里的船|bateaux dans le port le soir|Boote im Hafen am Abend|barcos en el puerto por la tarde
        lamps reflected in the water of a port|港口水中的灯光倒影|lampes reflétées dans l'eau d'un port|Lampen spiegeln sich im Wasser eines Hafens|farolas reflejadas en el agua de un puerto
        masts at the quay of a small port|小港码头的桅杆|mâts au quai d'un petit port|Masten am Kai eines kleinen Hafens|mástiles en el muelle de un pequeño puerto
        a small harbour in the evening|傍晚的小港口|un petit port le soir|ein kleiner Hafen am Abend|un pequeño puerto por la tarde
        the lights of the port at dusk|黄昏港口的灯光|les lumières du port le soir au crépuscule|die Lichter am Hafen in der Dämmerung|las luces de un puerto al anochecer""",
    "balloons": """
        hot air balloons|热气球|montgolfières|Heißluftballons|globos aerostáticos
        hot air balloons in the sky|天空中的热气球|montgolfières dans le ciel|Heißluftballons am Himmel|globos aerostáticos en el cielo
        colourful balloons over hills|山丘上空的彩色气球|ballons colorés au-dessus des collines|bunte Ballons über Hügeln|globos de colores sobre colinas
        a balloon flight in the morning|清晨的气球飞行|un vol en ballon le matin|eine Ballonfahrt am Morgen|un vuelo en globo por la mañana
        colourful hot air balloons|彩色的热气球|montgolfières colorées|bunte Heißluftballons|globos aerostáticos de colores
        a balloon flight over the hills|山丘上空的气球飞行|un vol en ballon au-dessus des collines|eine Ballonfahrt über Hügeln|un vuelo en globo sobre colinas""",
    "flower_field": """
        field of flowers|花田|champ de fleurs|Blumenfeld|campo de flores
        rows of flowers in bloom|一排排盛开的花|rangées de fleurs épanouies|Reihen blühender Blumen|hileras de flores en flor
        tulips and lavender in spring|春天的郁金香和薰衣草|tulipes et lavande au printemps|Tulpen und Lavendel im Frühling|tulipanes y lavanda en primavera
        colourful blossoms to the horizon|开到地平线的彩色花朵|fleurs colorées jusqu'à l'horizon|bunte Blüten bis zum Horizont|flores de colores hasta el horizonte
        a field of tulips|郁金香花田|un champ de tulipes|ein Feld voller Tulpen|un campo de tulipanes
        flowers in bloom in spring|春天盛开的花|fleurs épanouies au printemps|blühende Blumen im Frühling|flores en flor en primavera""",
    "sailing_boat": """
        sailing boat on the sea|海上的帆船|voilier sur la mer|Segelboot auf dem Meer|velero en el mar
        a yacht under sail|扬帆的游艇|un yacht sous voile|eine Jacht unter Segeln|un yate a vela
        a boat with sails in the wind|风中扬帆的船|un bateau à voiles dans le vent|ein Boot mit Segeln im Wind|un barco con velas al viento
        sailing on blue water by day|白天在蓝色水面上航行|naviguer à la voile sur l'eau bleue|Segeln auf blauem Wasser am Tag|navegar a vela en agua azul
        a sailing boat in the wind|风中的帆船|un voilier dans le vent|ein Segelboot im Wind|un velero con viento
        a yacht on blue water|蓝色水面上的游艇|un yacht sur l'eau bleue|eine Jacht auf blauem Wasser|un yate en agua azul""",
    "lightning": """
        lightning in a thunderstorm|雷雨中的闪电|éclair pendant un orage|Blitz bei einem Gewitter|relámpago en una tormenta
        a bolt of lightning from dark clouds|乌云中的一道闪电|un éclair tombant des nuages noirs|ein Blitz aus dunklen Wolken|un rayo desde nubes oscuras
        thunder and storm over the plain|平原上的雷电风暴|tonnerre et orage sur la plaine|Donner und Sturm über der Ebene|trueno y tormenta sobre la llanura
        heavy weather with flashes|电闪雷鸣的恶劣天气|mauvais temps avec des éclairs|Unwetter mit Blitzen|mal tiempo con relámpagos
        a thunderstorm over the plain|平原上的雷雨|un orage sur la plaine|ein Gewitter über der Ebene|una tormenta sobre la llanura
        dark storm clouds and lightning|乌云和闪电|nuages noirs d'orage et éclair|dunkle Sturmwolken und Blitz|nubes oscuras de tormenta y relámpago""",
}

WORDS = """
    sunset|日落|coucher de soleil|Sonnenuntergang|puesta de sol = sunset_sea
    sea|海|mer|Meer|mar = sunset_sea moon_sea lighthouse sailing_boat beach
    ocean|海洋|océan|Ozean|océano = sunset_sea moon_sea lighthouse sailing_boat beach
    evening|傍晚|soir|Abend|tarde = sunset_sea harbour_lights
    winter|冬天|hiver|Winter|invierno = snow_mountain snow_cabin aurora
    snow|雪|neige|Schnee|nieve = snow_mountain snow_cabin aurora
    mountain|山|montagne|Berg|montaña = snow_mountain lake volcano
    mountains|群山|montagnes|Berge|montañas = snow_mountain lake
    peak|山峰|sommet|Gipfel|pico = snow_mountain lake
    forest|森林|forêt|Wald|bosque = forest_path
    woods|树林|bois|Wälder|bosques = forest_path
    tree|树|arbre|Baum|árbol = forest_path autumn
    trees|树木|arbres|Bäume|árboles = forest_path autumn
    path|小路|sentier|Weg|sendero = forest_path
    city|城市|ville|Stadt|ciudad = city_night
    skyscrapers|高楼|gratte-ciel|Wolkenkratzer|rascacielos = city_night
    night|夜晚|nuit|Nacht|noche = city_night starry_sky moon_sea fireworks aurora
    town lights|城里的灯|lumières de la ville|Lichter der Stadt|luces de la ciudad = city_night harbour_lights
    desert|沙漠|désert|Wüste|desierto = desert
    dune|沙丘|dune|Düne|duna = desert
    sand|沙子|sable|Sand|arena = desert beach
    beach|海滩|plage|Strand|playa = beach
    palm|棕榈|palmier|Palme|palmera = beach
    island|岛|île|Insel|isla = beach
    summer|夏天|été|Sommer|verano = beach
    lake|湖|lac|See|lago = lake
    reflection|倒影|reflet|Spiegelung|reflejo = lake harbour_lights
    rainbow|彩虹|arc-en-ciel|Regenbogen|arcoíris = rainbow
    rain|雨|pluie|Regen|lluvia = rainbow lightning
    hills|山丘|collines|Hügel|colinas = rainbow misty_hills balloons
    stars|星星|étoiles|Sterne|estrellas = starry_sky
    Milky Way|银河|Voie lactée|Milchstraße|Vía Láctea = starry_sky
    moon|月亮|lune|Mond|luna = moon_sea
    moonlight|月光|clair de lune|Mondlicht|luz de luna = moon_sea
    waterfall|瀑布|cascade|Wasserfall|cascada = waterfall
    cliff|悬崖|falaise|Klippe|acantilado = waterfall
    rocks|岩石|rochers|Felsen|rocas = waterfall lighthouse
    autumn|秋天|automne|Herbst|otoño = autumn
    leaves|树叶|feuilles|Blätter|hojas = autumn
    foliage|秋叶|feuillage|Laub|follaje = autumn
    volcano|火山|volcan|Vulkan|volcán = volcano
    lava|熔岩|lave|Lava|lava = volcano
    fire|火|feu|Feuer|fuego = volcano
    fireworks|烟花|feux d'artifice|Feuerwerk|fuegos artificiales = fireworks
    celebration|庆祝|fête|Feier|celebración = fireworks
    road|公路|route|Straße|carretera = road
    highway|高速公路|autoroute|Highway|autopista = road
    horizon|地平线|horizon|Horizont|horizonte = road flower_field
    lighthouse|灯塔|phare|Leuchtturm|faro = lighthouse
    coast|海岸|côte|Küste|costa = lighthouse beach
    tower|塔|tour|Turm|torre = lighthouse
    cabin|小屋|cabane|Hütte|cabaña = snow_cabin
    house|房子|maison|Haus|casa = snow_cabin
    cottage|木屋|chalet|Häuschen|casita = snow_cabin
    fog|雾|brouillard|Nebel|niebla = misty_hills
    mist|薄雾|brume|Dunst|bruma = misty_hills
    valley|山谷|vallée|Tal|valle = misty_hills
    aurora|极光|aurore|Polarlicht|aurora = aurora
    northern lights|北极光|aurore boréale|Nordlichter|aurora boreal = aurora
    arctic|北极|arctique|Arktis|ártico = aurora
    harbour|港口|port|Hafen|puerto = harbour_lights
    boats|船只|bateaux|Boote|barcos = harbour_lights sailing_boat
    dusk|黄昏|crépuscule|Dämmerung|anochecer = harbour_lights
    quay|码头|quai|Kai|muelle = harbour_lights
    balloon|气球|ballon|Ballon|globo = balloons
    hot air balloon|热气球|montgolfière|Heißluftballon|globo aerostático = balloons
    flowers|花|fleurs|Blumen|flores = flower_field
    tulips|郁金香|tulipes|Tulpen|tulipanes = flower_field
    lavender|薰衣草|lavande|Lavendel|lavanda = flower_field
    spring|春天|printemps|Frühling|primavera = flower_field
    field|田野|champ|Feld|campo = flower_field road
    boat|船|bateau|Boot|barco = sailing_boat harbour_lights
    sailing|帆船|voilier|Segelboot|velero = sailing_boat
    yacht|游艇|yacht|Jacht|yate = sailing_boat
    sails|风帆|voiles|Segel|velas = sailing_boat
    lightning|闪电|éclair|Blitz|relámpago = lightning
    thunderstorm|雷雨|orage|Gewitter|tormenta = lightning
    storm|暴风雨|tempête|Sturm|temporal = lightning
    clouds|乌云|nuages|Wolken|nubes = lightning
    sky|天空|ciel|Himmel|cielo = rainbow starry_sky aurora balloons fireworks
    water|水|eau|Wasser|agua = waterfall lake harbour_lights moon_sea sailing_boat
"""

TRAINING_TEMPLATES = """
    {}|{}|{}|{}|{}
    {}|{}|{}|{}|{}
    {}|{}|{}|{}|{}
    {}|{}|{}|{}|{}
    {}|{}|{}|{}|{}
    {}|{}|{}|{}|{}
    a photo of {}|一张{}的照片|une photo de {}|ein Foto von {}|una foto de {}
    a picture of {}|{}的图片|une image de {}|ein Bild von {}|una imagen de {}
    the {}|这{}|le {}|das {}|el {}
    show me {}|给我看{}|montre-moi {}|zeig mir {}|muéstrame {}
    beautiful {}|美丽的{}|beau {}|schön: {}|hermoso {}
    {} on our trip|旅行中的{}|{} pendant le voyage|{} auf der Reise|{} durante el viaje
    find {}, please|请找{}|cherche {}|bitte {} finden|busca {}
    our favourite: {}|我们最喜欢的：{}|notre préféré : {}|unser Lieblingsbild: {}|nuestro favorito: {}
    {} from the album|相册里的{}|{} dans l'album|{} aus dem Album|{} del álbum
    best shots of {}|{}的佳作|meilleures prises de {}|die besten Aufnahmen von {}|mejores tomas de {}
    does anyone have {}|谁有{}|quelqu'un a {}|hat jemand {}|alguien tiene {}
    {} for a postcard|{}明信片|{} pour une carte postale|{} für eine Postkarte|{} para una postal
    taken by my father: {}|爸爸拍的{}|pris par mon père : {}|von Papa aufgenommen: {}|tomada por papá: {}
    {} with the new camera|新相机拍的{}|{} avec le nouvel appareil|{} mit der neuen Kamera|{} con la nueva cámara
    I remember {}|我记得{}|je me souviens de {}|ich erinnere mich an {}|recuerdo {}
    everything about {}|关于{}的一切|tout sur {}|alles über {}|todo sobre {}
    {}, my first attempt|{}，我的第一次尝试|{}, mon premier essai|{}, mein erster Versuch|{}, mi primer intento
    compare {}|比较{}|comparer {}|vergleiche {}|comparar {}
    what does {} look like|{}是什么样子|à quoi ressemble {}|wie sieht {} aus|cómo es {}
    {} by a famous photographer|著名摄影师的{}|{} par un photographe célèbre|{} von einem berühmten Fotografen|{} de un fotógrafo famoso
    {} in a frame|镶框的{}|{} dans un cadre|{} im Rahmen|{} en un marco
    sort by date: {}|按日期排列：{}|trier par date : {}|nach Datum sortiert: {}|ordenar por fecha: {}
    somebody sent me {}|有人发给我{}|on m'a envoyé {}|jemand schickte mir {}|alguien me envió {}
    {} once more|{}再来一次|{} encore une fois|{} noch einmal|{} otra vez
    upload {}|上传{}|téléverser {}|{} hochladen|subir {}
"""

HELD_OUT_TEMPLATES = """
    {}|{}|{}|{}|{}
    my holiday picture, {}|我的假期照片，{}|mon image de vacances, {}|mein Urlaubsbild, {}|mi imagen de vacaciones, {}
    I am looking for {}|我在寻找{}|je recherche {}|ich suche {}|estoy buscando {}
    any photos with {}?|有{}的照片吗？|des photos avec {} ?|gibt es Fotos mit {}?|¿hay fotos con {}?
    {}, as seen last year|去年看到的{}|{}, vu l'an dernier|{}, letztes Jahr gesehen|{}, visto el año pasado
"""

CALIBRATION_TEMPLATES = """
    {}|{}|{}|{}|{}
    pictures that show {}|显示{}的图像|images qui montrent {}|Bilder, auf denen {} zu sehen ist|imágenes que muestran {}
    where did I see {}|我在哪里见过{}|où ai-je vu {}|wo habe ich {} gesehen|dónde vi {}
    {}, a quiet moment|{}，安静的时刻|{}, un moment calme|{}, ein stiller Moment|{}, un momento tranquilo
"""

FILLERS = {  # words without a scene; a few common ones also occur in the templates kept out
    "en": "our with family friends weekend today great nice photo album day 2024 2019 in the of and "
    "from some best small old view where what when did is was this that we it here there very "
    "see who which more on at to all one two big new time again i me my you your he him his she "
    "her its they them their these those am are were be been have has had do does an but if or "
    "because as until while by for about against into during before after up out off then how why "
    "any both each few most other no not only own same so than too can will just should now could "
    "would must may also still even already always never often",
    "zh": "我们 家人 朋友 周末 今天 相册 2024 很好 和 在 里 风景 哪里 什么 是 那 个 很 看见 见过 显示 "
    "图像 大 小 新 老 又 都 上 下 时候 一天 我 你 他 她 它 你们 他们 自己 大家 的 了 有 没有 不 也 就 还 "
    "再 最 更 只 从 到 对 把 被 比 跟 给 让 吗 呢 吧 着 过 这 这个 这些 那些 为什么 怎么 谁 几 多少 因为 所以 "
    "但是 如果 还是 或者 而且 可以 应该 会 能 要 想 去 来 说 做 用 已经 正在 以前 以后 现在 一个 一些 每",
    "fr": "notre avec famille amis aujourd'hui album photo jour 2024 et dans du une petit où quoi "
    "quand est ce cette qui que très ici là nous encore tout un deux grand nouveau sur à je tu il "
    "elle on vous ils elles me te se lui leur mon ma mes ton ta ses son sa nos votre le la les des "
    "de au aux en par pour sans sous mais ou donc ni car si ne pas plus moins comme alors aussi "
    "bien suis es sont était ont avoir être fait peut comment pourquoi quel quelle même toujours",
    "de": "unser mit Familie Freunde heute Album Foto Tag 2024 und im ein klein wo was wann ist war "
    "dies das wir hier dort sehr wer auf zu sind alle zwei groß neu wieder der die den ich du er "
    "sie es ihr mich mir dich uns mein dein sein ihre eine einen einem einer dem des in an von bei "
    "aus nach vor für ohne um durch gegen aber oder denn wenn weil dass als wie nicht kein noch "
    "schon nur auch mehr so dann bin bist waren hat haben wird werden kann muss soll warum",
    "es": "nuestro con familia amigos hoy álbum foto día 2024 y en una pequeño dónde qué cuándo es "
    "era este esa que muy aquí allí nos otra todo un dos grande nuevo sobre a los las yo tú él ella "
    "ellos me te se le lo la el mi tu su sus de del al por para sin desde hasta entre pero o ni si "
    "no más menos como también ya bien soy son está están fue han hay ser tener hacer puede cómo "
    "quién cuál porque mismo siempre nunca",
}


def rows_of(table: str) -> list[tuple[str, ...]]:
    """Split a table into rows of one text per language."""
    return [tuple(line.strip().split("|")) for line in table.strip().splitlines()]


@cache
def phrases(scene: str) -> list[tuple[str, ...]]:
    """Return the scene's rows that training may see."""
    return rows_of(PHRASES[scene])[:-HELD_OUT_PHRASES]


@cache
def held_out_phrases(scene: str) -> list[tuple[str, ...]]:
    """Return the scene's rows that only evaluation may ask."""
    return rows_of(PHRASES[scene])[-HELD_OUT_PHRASES:]


@cache
def words() -> list[tuple[tuple[str, ...], frozenset[str]]]:
    """Return (word in every language, scenes it is true for)."""
    table = []
    for line in WORDS.strip().splitlines():
        texts, _, scenes = line.partition("=")
        table.append((tuple(texts.strip().split("|")), frozenset(scenes.split())))
    return table


@cache
def words_of(scene: str) -> list[tuple[tuple[str, ...], frozenset[str]]]:
    """Return the words that are true for a scene."""
    return [entry for entry in words() if scene in entry[1]]


@cache
def templates(table: str) -> list[tuple[str, ...]]:
    """Return the rows of a table of templates; each has one {} a language."""
    return rows_of(table)


def training_meaning(scene: str, chance: random.Random) -> tuple[list[str], frozenset[str]]:
    """Draw something true of a scene: (its text in every language, scenes it is true for).

    Whole phrases, single words, or a handful of words as in tags; half of them framed by a
    template.
    """
    kind = chance.random()
    entries = words_of(scene)
    if kind < 0.55:
        texts, scenes = list(chance.choice(phrases(scene))), frozenset([scene])
    elif kind < 0.75:
        row, scenes = chance.choice(entries)
        texts = list(row)
    else:
        picked = chance.sample(entries, min(len(entries), chance.randint(2, 3)))
        joined = chance.choice([" ", ", ", " "])
        texts = [joined.join(row[i] for row, _ in picked) for i in range(len(LANGUAGES))]
        scenes = frozenset.intersection(*(true_for for _, true_for in picked))
    frame = chance.choice(templates(TRAINING_TEMPLATES))
    return [part.format(text) for part, text in zip(frame, texts, strict=True)], scenes


def with_fillers(text: str, language: str, chance: random.Random) -> str:
    """Put a few meaningless words before or after a text."""
    fillers = FILLERS[language].split()
    gap = chance.choice(["", " "]) if language == "zh" else " "
    parts = [gap.join(chance.choice(fillers) for _ in range(chance.randint(1, 4))), text]
    return gap.join(parts if chance.random() < 0.5 else parts[::-1])


def photo_text(scene: str, chance: random.Random) -> str:
    """Write an English title, description and tags as a photo of the scene may carry."""
    first, second = (chance.choice(phrases(scene))[0] for _ in range(2))
    tags = [row[0] for row, _ in chance.sample(words_of(scene), min(3, len(words_of(scene))))]
    parts = [first[0].upper() + first[1:] + "."]
    if chance.random() < 0.8:
        parts.append(chance.choice(templates(TRAINING_TEMPLATES))[0].format(second) + ".")
    if chance.random() < 0.8:
        parts.append(", ".join(tags))
    return " ".join(parts)


@dataclass(frozen=True)
class Query:
    """One held-out query: the same number means the same thing in every language."""

    number: int
    language: str
    text: str
    scene: str


def held_out(per_language: int = 200, seed: int = 20) -> list[Query]:
    """Return queries that training never saw, `per_language` in each language.

    The i-th query of every language has the same meaning; all scenes are asked about equally
    often. Raises ValueError when there are not that many.
    """
    chance = random.Random(seed)
    choices = []
    for scene in PHRASES:
        pairs = [
            (row, frame)
            for row in held_out_phrases(scene)
            for frame in templates(HELD_OUT_TEMPLATES)
        ]
        chance.shuffle(pairs)
        choices.append([(scene, row, frame) for row, frame in pairs])
    turns = [choice for turn in zip(*choices, strict=True) for choice in turn]
    if per_language > len(turns):
        raise ValueError(f"only {len(turns)} held-out queries a language exist")
    return [
        Query(number, language, frame[i].format(row[i]), scene)
        for number, (scene, row, frame) in enumerate(turns[:per_language])
        for i, language in enumerate(LANGUAGES)
    ]
