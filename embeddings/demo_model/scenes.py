"""Draw the scenes that the small CLIP understands: `render(key, width, height, seed)`.

Every scene is a function of a Canvas, listed in SCENES. The same pictures serve training
(drawn small), the demo gallery (drawn large) and the tests; their words are in captions.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from .canvas import Canvas, Colour, Point, mix, rgb, smooth_step

Scene = Callable[[Canvas], None]
SCENES: dict[str, Scene] = {}
FULL_TURN = 2 * np.pi
SMALLEST_SIDE = 200  # px; smaller pictures are drawn at this and reduced, so details survive


def scene(function: Scene) -> Scene:
    """Register a scene under the name of its function."""
    SCENES[function.__name__] = function
    return function


def render(
    key: str,
    width: int,
    height: int,
    seed: int,
    grain: float = 0.011,
    smallest_side: int = SMALLEST_SIDE,
    variant: int | None = None,
) -> Image.Image:
    """Draw the scene `key`, (width, height) px, as RGB; the same seed gives the same picture.

    variant: which of the scene's palettes; chance decides when None.
    Raises KeyError for an unknown scene.
    """
    enlarge = max(1.0, smallest_side / min(width, height))
    size = (round(width * enlarge), round(height * enlarge))
    salt = sum(ord(letter) * 31**i for i, letter in enumerate(key)) % 2**31
    canvas = Canvas(*size, np.random.default_rng([salt, seed]), variant)
    SCENES[key](canvas)
    canvas.vignette()
    canvas.grain(grain)
    image = canvas.to_image()
    return image if enlarge == 1 else image.resize((width, height), Image.Resampling.BOX)


# shapes shared by several scenes


def conifer(canvas: Canvas, x: float, foot: float, size: float) -> list[Point]:
    """Return the outline of a conifer whose top is `size` shorter sides above its foot."""
    width = size * canvas.between(0.17, 0.23)
    tiers = int(canvas.rng.integers(9, 14))
    left, right = [], []
    for tier in range(tiers):
        share = (tier + 0.4) / tiers
        y = foot - size * (1 - share) * canvas.y_size
        reach = width * share**0.85
        for side, points in ((-1, left), (1, right)):
            out = reach * canvas.between(0.75, 1.15) * canvas.x_size
            points.append((x + side * out, y + 0.035 * size * canvas.y_size))
            points.append((x + side * out * 0.42, y + 0.012 * size * canvas.y_size))
    tip = (x, foot - size * canvas.y_size)
    trunk = size * 0.012 * canvas.x_size
    stem = [(x + trunk, foot + 0.02 * size), (x - trunk, foot + 0.02 * size)]
    return [tip, *right, *stem, *reversed(left)]


def conifer_row(
    canvas: Canvas,
    line: np.ndarray,
    count: int,
    low: float,
    high: float,
    colour: Colour,
    opacity: float = 1.0,
) -> None:
    """Plant conifers of low..high shorter sides along a skyline."""
    trees = []
    for x in canvas.rng.uniform(-0.02, 1.02, count):
        column = int(np.clip(x, 0, 0.999) * canvas.width)
        trees.append(
            conifer(canvas, float(x), float(line[column]) + 0.012, canvas.between(low, high))
        )
    canvas.polygons(trees, colour, opacity)


def branches(
    canvas: Canvas,
    x: float,
    y: float,
    length: float,
    angle: float,
    size: float,
    depth: int,
    strokes: list,
    tips: list,
) -> None:
    """Grow a branching tree; collects strokes and the tips of the twigs."""
    end_x = x + np.sin(angle) * length * canvas.x_size
    end_y = y - np.cos(angle) * length * canvas.y_size
    strokes.append(([(x, y), (end_x, end_y)], size))
    if depth <= 3:
        tips.append((end_x, end_y))
    if depth == 0:
        return
    for turn in (-1, 1) if depth < 4 else (-1, 0.15, 1):
        branches(
            canvas,
            end_x,
            end_y,
            length * canvas.between(0.66, 0.82),
            angle + turn * canvas.between(0.2, 0.55),
            size * 0.64,
            depth - 1,
            strokes,
            tips,
        )


def rock_face(
    canvas: Canvas,
    cells: float,
    dark: Colour,
    light: Colour,
    contrast: float = 9.0,
    sun: float = 1.0,
) -> np.ndarray:
    """Return an RGB field (0..1) of sunlit rock; sun -1 lights from the right."""
    relief = canvas.noise(cells, cells * 1.5, octaves=7, gain=0.56, ridged=True)
    step = max(1, int(0.006 * canvas.side))
    slope = relief - np.roll(relief, int(step * sun), axis=1)
    slope += 0.5 * (relief - np.roll(relief, step, axis=0))
    share = np.clip(0.45 + slope * contrast, 0, 1)[..., None]
    return rgb(dark) * (1 - share) + rgb(light) * share


def mountains(
    canvas: Canvas,
    base: float,
    height: float,
    dark: Colour,
    light: Colour,
    snow: Colour,
    snow_line: float,
    haze: Colour,
    sun: float = 1.0,
    peaks: int = 3,
) -> np.ndarray:
    """Paint a shaded range with snow above snow_line (a share of its height); return its line."""
    places = (np.arange(peaks) + canvas.rng.uniform(0.1, 0.9, peaks)) / peaks
    heights = canvas.rng.uniform(0.55, 0.9, peaks)
    heights[int(canvas.rng.integers(peaks))] = 1.0
    widths = canvas.rng.uniform(0.75, 1.15, peaks) * height * canvas.x_size / canvas.y_size * 1.15
    rough = canvas.line(0, 0.05, 7, octaves=7, gain=0.55, sharp=True)
    falls = heights[:, None] - np.abs(canvas.x - places[:, None]) / widths[:, None] * (
        1 - 0.25 * np.clip(np.abs(canvas.x - places[:, None]) / widths[:, None], 0, 1)
    )
    falls = falls.astype(np.float32)
    profile = np.maximum(falls.max(axis=0), 0.12) + 1.2 * rough
    line = (base - height * profile).astype(np.float32)
    relief = canvas.noise(6 * peaks, 11, octaves=7, gain=0.6, ridged=True)
    step = max(1, int(0.007 * canvas.side))
    slope = relief - np.roll(relief, int(step * sun), axis=1)
    slope += 0.35 * (relief - np.roll(relief, -step, axis=0))
    warp = 0.5 * height * canvas.x_size * (canvas.noise(3 * peaks, 5, 5) - 0.5)
    nearest = falls.argmax(axis=0)
    places, widths = places.astype(np.float32), widths.astype(np.float32)
    flank = (places[nearest][None, :] - canvas.x + warp) / widths[nearest][None, :]
    lit = np.clip(0.5 + slope * 6.5 + 0.34 * np.tanh(flank * sun * 6), 0, 1)
    rock = rgb(dark) * (1 - lit[..., None]) + rgb(light) * lit[..., None]
    white = rgb(mix(snow, (88, 118, 178), 0.55)) * (1 - lit[..., None]) + rgb(snow) * lit[..., None]
    altitude = (base - canvas.y) / height + 0.7 * (relief - 0.6) + slope * 1.5
    covered = smooth_step(altitude, snow_line - 0.07, snow_line + 0.07)[..., None]
    colour = rock * (1 - covered) + white * covered
    foot = smooth_step(canvas.y, base - height * 0.6, base + 0.05)[..., None] * 0.75
    colour = colour * (1 - foot) + rgb(haze) * foot
    mask = np.clip((canvas.y - line[None, :]) * canvas.height + 0.5, 0, 1)
    canvas.blend(mask, colour)
    return line


def boulder(canvas: Canvas, x: float, y: float, size: float, dark: Colour, light: Colour) -> None:
    """Paint an angular rock lit from above."""
    count = 11
    angles = np.linspace(0, FULL_TURN, count + 1)[:-1] + canvas.rng.uniform(-0.2, 0.2, count)
    reach = canvas.rng.uniform(0.75, 1.1, count) * size

    def outline(grow: float, lift: float) -> list[Point]:
        return [
            (
                x + r * grow * np.cos(a) * canvas.x_size,
                y + (r * grow * 0.62 * np.sin(a) - lift * size) * canvas.y_size,
            )
            for a, r in zip(angles, reach, strict=True)
        ]

    canvas.polygons([outline(1.0, 0.0)], dark)
    mask, where = canvas.mask_of([outline(0.86, 0.12)], blur=size * 0.12)
    texture = canvas.noise(24, 24, 5, 0.65)[where]
    canvas.blend(mask * (0.35 + 0.6 * texture), mix(dark, light, 0.7), where)
    mask, where = canvas.mask_of([outline(0.55, 0.34)], blur=size * 0.16)
    canvas.blend(mask * 0.5, light, where)


def windows(
    canvas: Canvas, left: float, right: float, top: float, bottom: float, lit: float, size: float
) -> list[list[Point]]:
    """Return the lit windows of a house front as rectangles."""
    columns = max(1, int((right - left) / canvas.x_size / size))
    rows = max(1, int((bottom - top) / canvas.y_size / (size * 1.25)))
    wide, high = (right - left) / columns, (bottom - top) / rows
    on = canvas.rng.random((rows, columns)) < lit
    shapes = []
    for row, column in zip(*np.nonzero(on), strict=True):
        x, y = left + (column + 0.25) * wide, top + (row + 0.3) * high
        shapes.append(
            [(x, y), (x + wide * 0.5, y), (x + wide * 0.5, y + high * 0.45), (x, y + high * 0.45)]
        )
    return shapes


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """Return the four corners."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def grass(
    canvas: Canvas,
    line: np.ndarray,
    dark: Colour,
    light: Colour,
    count: int = 260,
    size: float = 0.05,
) -> None:
    """Fill the foreground under a skyline with blades of grass."""
    canvas.below(line, mix(dark, light, 0.25), dark, depth=0.2)
    for share in (0.0, 0.5, 1.0):
        blades = []
        for x in canvas.rng.uniform(0, 1, count // 3):
            y = float(line[int(x * canvas.width)]) + canvas.between(0, 0.08)
            lean = canvas.between(-0.4, 0.4) * size * canvas.x_size
            tip = y - canvas.between(0.4, 1) * size * canvas.y_size
            blades.append(
                ([(x, y + 0.02), (x + lean * 0.4, (y + tip) / 2), (x + lean, tip)], 0.0022)
            )
        canvas.strokes(blades, mix(dark, light, share))


# the scenes


@scene
def sunset_sea(canvas: Canvas) -> None:
    """The sun going down over open water, clouds lit from below."""
    top, middle, low, cloud_light, cloud_shade = canvas.palette(
        [
            ((58, 46, 105), (222, 96, 72), (255, 190, 96), (255, 158, 98), (92, 52, 88)),
            ((40, 62, 120), (236, 130, 92), (255, 214, 140), (255, 190, 140), (110, 82, 120)),
            ((78, 30, 70), (214, 66, 58), (255, 158, 62), (255, 120, 70), (82, 30, 52)),
        ]
    )
    horizon, x = canvas.between(0.54, 0.64), canvas.between(0.25, 0.75)
    height = horizon - canvas.between(0.03, 0.09)
    canvas.gradient([(0, top), (0.55, middle), (0.93, low), (1, mix(low, middle, 0.3))], 0, horizon)
    canvas.glow(x, height, 0.6, mix(low, middle, 0.4), 0.6, stretch=1.6)
    canvas.clouds(cloud_light, cloud_shade, canvas.between(0.35, 0.6), horizon, 0.85, 2.2)
    canvas.glow(x, height, 0.2, (255, 222, 150), 0.9, stretch=1.4)
    canvas.disc(x, height, canvas.between(0.042, 0.06), (255, 246, 214), soft=0.12)
    canvas.water(horizon, mix(top, (20, 16, 40), 0.4), 0.3, roughness=1.1)
    canvas.glitter(x, horizon, mix(low, (255, 240, 200), 0.5), 0.055, 0.95)
    canvas.bloom(0.75, 0.03, 0.5)


@scene
def snow_mountain(canvas: Canvas) -> None:
    """High peaks under snow in clear light."""
    top, low, snow, rock = canvas.palette(
        [
            ((38, 92, 172), (190, 218, 240), (255, 252, 248), (92, 92, 108)),
            ((66, 90, 150), (250, 206, 186), (255, 226, 208), (98, 80, 92)),
            ((52, 122, 190), (214, 232, 244), (252, 254, 255), (80, 88, 100)),
        ]
    )
    sun = canvas.one_of([-1.0, 1.0])
    canvas.gradient([(0, top), (0.75, low), (1, low)])
    canvas.clouds((255, 255, 255), mix(low, top, 0.25), canvas.between(0.05, 0.3), 0.85, 0.8, 2.4)
    mountains(
        canvas,
        0.8,
        0.34,
        mix(rock, low, 0.5),
        mix(rock, low, 0.75),
        mix(snow, low, 0.35),
        0.2,
        low,
        sun,
        4,
    )
    mountains(
        canvas,
        0.98,
        canvas.between(0.68, 0.8),
        mix(rock, (30, 40, 70), 0.5),
        rock,
        snow,
        0.3,
        mix(low, (140, 160, 190), 0.3),
        sun,
        int(canvas.rng.integers(2, 4)),
    )
    slope = canvas.line(0.88, 0.035, 2, 4)
    canvas.below(slope, (238, 243, 251), (186, 204, 232), 0.16)
    conifer_row(canvas, slope + 0.01, 26, 0.05, 0.12, (38, 54, 62))


@scene
def forest_path(canvas: Canvas) -> None:
    """A path between tall trees, light falling through the mist."""
    light, leaf, dark, earth = canvas.palette(
        [
            ((226, 236, 168), (96, 148, 52), (20, 36, 18), (150, 122, 84)),
            ((196, 226, 190), (62, 124, 66), (14, 32, 24), (124, 108, 82)),
            ((248, 228, 160), (124, 146, 50), (34, 34, 14), (164, 124, 76)),
        ]
    )
    middle, eye = canvas.between(0.42, 0.58), canvas.between(0.5, 0.56)
    canvas.gradient(
        [
            (0, mix(leaf, dark, 0.25)),
            (0.5, light),
            (0.56, mix(light, leaf, 0.5)),
            (1, mix(leaf, dark, 0.55)),
        ]
    )
    canvas.glow(middle, 0.4, 0.42, (255, 252, 220), 0.85)
    canopy = smooth_step(canvas.noise(7, 6, 6, 0.62) + 0.42 * (0.5 - canvas.y), 0.44, 0.62)
    canvas.blend(canopy * np.clip(1.15 - canvas.y * 2.3, 0, 1), mix(leaf, light, 0.2))
    ground = canvas.noise(14, 30, 6, 0.6)[..., None]
    floor = rgb(mix(leaf, dark, 0.6)) * (1 - ground) + rgb(mix(leaf, light, 0.25)) * ground
    canvas.blend(smooth_step(np.broadcast_to(canvas.y, ground.shape[:2]), eye, eye + 0.05), floor)
    bend, wide = canvas.between(-0.12, 0.12), canvas.between(0.3, 0.42)
    steps = np.linspace(0, 1, 24)
    centre = middle + bend * np.sin(steps * 3.0) * steps
    spread = (0.012 + wide * steps**1.5) * canvas.x_size
    down = eye + 0.01 + (1 - eye) * steps**1.15
    path = [
        *zip(centre - spread, down, strict=True),
        *reversed(list(zip(centre + spread, down, strict=True))),
    ]
    sunny = rgb(mix(earth, dark, 0.35)) * (1 - ground) + rgb(mix(earth, light, 0.5)) * ground
    canvas.polygons([path], sunny, blur=0.008)
    for layer in range(5):
        near = (layer + 1) / 5
        colour = mix(mix(light, leaf, 0.4), dark, near**0.8)
        trunks = []
        for side in (-1, 1):
            for _ in range(6 - layer):
                away = 0.02 + 0.06 * layer + canvas.between(0, 0.5) * (0.5 + 0.5 * near)
                x, half = middle + side * away, (0.005 + 0.021 * near**1.7) * canvas.x_size
                foot, lean = eye + 0.02 + 0.42 * near**1.7, canvas.between(-0.02, 0.02)
                trunks.append(
                    [
                        (x - half * 0.7 + lean, -0.02),
                        (x + half * 0.7 + lean, -0.02),
                        (x + half, foot - 0.05),
                        (x + half * 1.8, foot),
                        (x - half * 1.8, foot),
                        (x - half, foot - 0.05),
                    ]
                )
        canvas.polygons(trunks, colour)
        if layer < 4:
            canvas.glow(middle, 0.42, 0.36, light, 0.28)
    count = 420
    xs, ys = canvas.rng.random(count), canvas.rng.random(count) ** 1.6 * 0.3
    tones = np.array([mix(dark, leaf, s) for s in canvas.rng.uniform(0.2, 1.3, count)])
    canvas.dabs(xs, ys, canvas.rng.uniform(0.004, 0.016, count), tones)
    for _ in range(4):
        start, slant = middle + canvas.between(-0.25, 0.25), canvas.between(-0.25, 0.25)
        canvas.polygons(
            [
                [
                    (start, -0.05),
                    (start + 0.05, -0.05),
                    (start + slant + 0.13, 0.8),
                    (start + slant - 0.02, 0.8),
                ]
            ],
            (255, 250, 215),
            0.13,
            blur=0.012,
        )
    canvas.bloom(0.8, 0.03, 0.4)


@scene
def city_night(canvas: Canvas) -> None:
    """Towers with lit windows under a dark sky, streaks of traffic below."""
    top, low, accent = canvas.palette(
        [
            ((8, 10, 34), (74, 46, 96), (255, 170, 92)),
            ((6, 14, 36), (36, 66, 110), (255, 196, 120)),
            ((16, 8, 30), (108, 46, 70), (255, 150, 100)),
        ]
    )
    canvas.gradient([(0, top), (0.7, low), (1, mix(low, accent, 0.3))])
    canvas.glow(0.5, 0.75, 0.5, accent, 0.35, 1.8)
    for layer in range(3):
        near = layer / 2
        left = canvas.between(-0.06, 0)
        body = mix(mix(low, top, 0.35), (9, 10, 20), 0.3 + 0.7 * near)
        fronts, lit_warm, lit_cool, beacons = [], [], [], []
        while left < 1:
            wide = canvas.between(0.055, 0.11) * (0.8 + 0.6 * near) * (0.6 + 0.4 * canvas.x_size)
            top_y = canvas.between(0.2, 0.5) + 0.14 * near
            fronts.append(rectangle(left, top_y, left + wide, 1.02))
            if canvas.rng.random() < 0.35:
                inset = wide * 0.22
                fronts.append(rectangle(left + inset, top_y - 0.04, left + wide - inset, top_y))
                beacons.append((left + wide / 2, top_y - 0.05))
            shapes = windows(
                canvas,
                left + wide * 0.08,
                left + wide * 0.92,
                top_y + 0.02,
                0.98,
                canvas.between(0.25, 0.65),
                0.010 + 0.008 * near,
            )
            (lit_warm if canvas.rng.random() < 0.7 else lit_cool).extend(shapes)
            left += wide + canvas.between(0.002, 0.02)
        canvas.polygons(fronts, body)
        canvas.polygons(lit_warm, canvas.near((255, 208, 128), 14), 0.5 + 0.45 * near)
        canvas.polygons(lit_cool, canvas.near((198, 220, 255), 14), 0.5 + 0.4 * near)
        for x, y in beacons:
            canvas.glow(x, y, 0.008, (255, 60, 50), 1.0)
        if layer < 2:
            canvas.haze(mix(low, accent, 0.25), 0.9, 0.25, 0.4)
    vanish = canvas.between(0.42, 0.58)
    canvas.polygons(
        [
            [
                (vanish - 0.012, 0.76),
                (vanish + 0.012, 0.76),
                (vanish + 0.3, 1.02),
                (vanish - 0.3, 1.02),
            ]
        ],
        (24, 22, 34),
    )
    for colour, side in (((255, 70, 50), 1), ((255, 236, 196), -1)):
        streaks = [
            ([(vanish + side * 0.008 * lane, 0.765), (vanish + side * 0.055 * lane, 1.02)], 0.003)
            for lane in range(1, 5)
        ]
        canvas.strokes(streaks, colour, 0.95, light=True)
        canvas.strokes(streaks, colour, 0.9, blur=0.008, light=True)
    canvas.bloom(0.45, 0.018, 0.9)


@scene
def desert(canvas: Canvas) -> None:
    """Sand dunes with a lit and a shaded flank."""
    top, low, sand, shade = canvas.palette(
        [
            ((70, 132, 202), (238, 222, 190), (236, 178, 104), (140, 78, 46)),
            ((112, 90, 140), (255, 190, 130), (240, 150, 84), (112, 50, 48)),
            ((92, 152, 206), (246, 232, 206), (240, 200, 136), (168, 112, 70)),
        ]
    )
    canvas.gradient([(0, top), (0.5, low), (1, low)])
    sun_x = canvas.between(0.15, 0.85)
    canvas.glow(sun_x, 0.3, 0.32, (255, 236, 190), 0.6, 1.4)
    base = canvas.between(0.4, 0.46)
    side = 1 if sun_x < 0.5 else -1  # the flank away from the sun
    layers = 5
    for layer in range(layers):
        near = layer / (layers - 1)
        light = mix(mix(sand, low, 0.5 * (1 - near)), (255, 226, 170), 0.12)
        dark = mix(mix(shade, low, 0.5 * (1 - near)), sand, 0.06)
        centre = canvas.between(0.1, 0.9)
        tall, wide = 0.05 + 0.13 * near, (0.25 + 0.3 * near) * canvas.between(0.8, 1.2)
        away = (canvas.x[0] - centre) * side / canvas.x_size
        hill = np.where(away < 0, 1 / (1 + (away / (wide * 1.5)) ** 2), np.exp(-away / wide))
        line = canvas.line(base + 0.1 * layer + tall * 0.5, 0.012 + 0.012 * near, 1.5, 2, 0.3)
        line = (line - tall * hill).astype(np.float32)
        canvas.below(line, light, mix(light, dark, 0.3), 0.36)
        drop = canvas.y - line[None, :]
        from_crest = canvas.y - float(line.min())
        bend = 0.05 * np.sin(from_crest * 16 + canvas.between(0, FULL_TURN)) + 0.02 * (
            canvas.noise(2, 4, 3) - 0.5
        )
        edge = (canvas.x - centre) * side / canvas.x_size + bend * np.clip(from_crest * 6, 0, 1)
        edge = edge - from_crest * canvas.between(-0.5, 0.6)
        flank = (
            smooth_step(edge, -0.004, 0.01 + 0.02 * near)
            * np.exp(-np.clip(edge, 0, 9) / (wide * 1.2))
            * np.exp(-np.clip(drop, 0, 1) / (tall * 1.3))
        )
        flank *= np.clip(drop * canvas.height + 0.5, 0, 1)
        canvas.blend(flank, dark)
        if layer > 1:
            warp = canvas.noise(2, 3, 3) * 6
            waves = np.sin((drop * (110 - 50 * near) + warp + canvas.x * 3) * 6.3)
            canvas.darken(1 + 0.03 * near * waves * np.clip(drop * 30, 0, 1) * (1 - flank))
    canvas.haze(low, base + 0.05, 0.07, 0.35, 0.2)


@scene
def beach(canvas: Canvas) -> None:
    """A tropical beach: palms, pale sand, turquoise water."""
    top, low, deep, shallow, sand = canvas.palette(
        [
            ((36, 124, 210), (188, 226, 246), (18, 108, 164), (110, 222, 212), (246, 226, 178)),
            ((60, 140, 214), (250, 226, 190), (24, 120, 160), (136, 220, 200), (244, 214, 164)),
        ]
    )
    horizon = canvas.between(0.42, 0.48)
    side = canvas.one_of([-1, 1])
    canvas.gradient([(0, top), (1, low)], 0, horizon)
    canvas.clouds((255, 255, 255), mix(low, top, 0.2), canvas.between(0.2, 0.42), horizon, 0.9)
    first = canvas.row(horizon)
    canvas.gradient(
        [(0, deep), (0.35, mix(deep, shallow, 0.6)), (0.62, shallow), (1, shallow)], horizon, 1
    )
    waves = canvas.ripples(horizon, 1.3)
    canvas.pixels[first:] += 0.05 * waves[..., None]
    island = canvas.line(horizon - 0.01, 0.018, 5, 4)
    island = np.maximum(
        island,
        horizon
        - 0.03 * np.clip(1 - np.abs(canvas.x[0] - canvas.between(0.2, 0.8)) / 0.16, -0.1, 1),
    )
    canvas.blend(
        np.clip((canvas.y - island[None, :]) * canvas.height, 0, 1)
        * (canvas.y < horizon)
        * (island[None, :] < horizon),
        (70, 110, 100),
    )
    shore = canvas.line(0.72, 0.012, 3, 4) + side * 0.2 * (0.5 - canvas.x[0]) + 0.03
    wet = shore - 0.012
    canvas.below(wet - 0.02, (255, 255, 255), opacity=0.35)
    canvas.below(wet, (252, 254, 252), opacity=0.85)
    canvas.below(shore, mix(sand, (160, 130, 90), 0.3), sand, 0.07)
    texture = canvas.noise(30, 40, 5, 0.7)
    canvas.darken(1 + 0.1 * (texture - 0.5) * np.clip((canvas.y - shore) * 40, 0, 1))
    for number in range(int(canvas.rng.integers(2, 4))):
        x = 0.5 + side * (0.24 + 0.12 * number) + canvas.between(-0.03, 0.03)
        palm(canvas, x, canvas.between(0.84, 0.97), canvas.between(0.5, 0.68), -side)
    canvas.bloom(0.85, 0.02, 0.25)


def palm(canvas: Canvas, x: float, foot: float, size: float, lean: float) -> None:
    """Paint a palm leaning towards `lean` (-1 left, 1 right) with its shadow on the sand."""
    bend = lean * size * canvas.between(0.18, 0.34) * canvas.x_size
    steps = np.linspace(0, 1, 14)
    trunk_x = x + bend * steps**1.7
    trunk_y = foot - size * steps * canvas.y_size
    half = (0.014 - 0.008 * steps) * canvas.x_size
    outline = [
        *zip(trunk_x - half, trunk_y, strict=True),
        *reversed(list(zip(trunk_x + half, trunk_y, strict=True))),
    ]
    shadow = [(x, foot), (x - lean * 0.25 * canvas.x_size, foot + 0.03)]
    canvas.strokes([(shadow, 0.022)], (110, 84, 60), 0.4, blur=0.006)
    canvas.polygons([outline], (96, 70, 48))
    head_x, head_y = float(trunk_x[-1]), float(trunk_y[-1])
    for dark in (True, False):
        colour = (22, 72, 40) if dark else canvas.near((64, 132, 58))
        leaflets = []
        for angle in np.linspace(-2.9, 0.1, 8) + canvas.rng.uniform(-0.2, 0.2, 8):
            reach = size * canvas.between(0.36, 0.48) * (1.0 if dark else 0.92)
            along = np.linspace(0.04, 1, 22)
            rib_x = head_x + np.cos(angle) * reach * along * canvas.x_size
            sag = 0.5 * reach * along**2 * (0.35 + abs(np.cos(angle)))
            rib_y = head_y + (np.sin(angle) * reach * along * 0.62 + sag) * canvas.y_size
            leaflets.append((list(zip(rib_x, rib_y, strict=True)), 0.005))
            for px, py, share in zip(rib_x, rib_y, along, strict=True):
                drop = reach * 0.3 * (1.05 - share) ** 0.6
                for out in (-1, 1):
                    tip = (px + out * drop * 0.5 * canvas.x_size, py + drop * canvas.y_size * 0.8)
                    leaflets.append(([(px, py), tip], 0.0045))
        canvas.strokes(leaflets, colour)


@scene
def lake(canvas: Canvas) -> None:
    """A still mountain lake that mirrors peaks and pines."""
    top, low, snow, rock, pine = canvas.palette(
        [
            ((52, 116, 190), (206, 226, 240), (252, 252, 250), (96, 104, 116), (22, 60, 46)),
            ((96, 88, 140), (252, 204, 170), (255, 226, 200), (104, 84, 98), (34, 46, 44)),
            ((70, 140, 200), (226, 238, 244), (250, 252, 255), (84, 104, 104), (30, 78, 50)),
        ]
    )
    shore = canvas.between(0.5, 0.56)
    canvas.gradient([(0, top), (1, low)], 0, shore)
    canvas.clouds((255, 255, 255), mix(low, top, 0.3), canvas.between(0.15, 0.4), shore, 0.85)
    sun = canvas.one_of([-1.0, 1.0])
    mountains(
        canvas,
        shore,
        canvas.between(0.34, 0.42),
        mix(rock, (40, 50, 80), 0.5),
        rock,
        snow,
        0.5,
        mix(low, rock, 0.35),
        sun,
        3,
    )
    hill = canvas.line(shore - 0.06, 0.035, 2.5, 5)
    canvas.below(hill, mix(pine, low, 0.35), mix(pine, low, 0.15), 0.08)
    conifer_row(canvas, hill, 70, 0.025, 0.05, mix(pine, low, 0.28))
    bank = canvas.line(shore - 0.012, 0.008, 3, 4)
    canvas.below(bank, mix(pine, (70, 90, 50), 0.5))
    conifer_row(canvas, bank, 34, 0.06, 0.13, pine)
    canvas.haze((255, 255, 255), shore - 0.02, 0.03, 0.25)
    canvas.water(
        shore,
        mix(top, (20, 60, 80), 0.5),
        0.16,
        roughness=0.13,
        fineness=1.4,
        sparkle=0.035,
        darkness=0.86,
    )
    for _ in range(int(canvas.rng.integers(4, 9))):
        boulder(
            canvas,
            canvas.between(0, 1),
            canvas.between(0.9, 1.0),
            canvas.between(0.02, 0.07),
            mix(rock, (24, 28, 34), 0.7),
            mix(rock, low, 0.2),
        )


@scene
def rainbow(canvas: Canvas) -> None:
    """A rainbow over green hills, rain clouds behind."""
    top, low, green = canvas.palette(
        [
            ((84, 104, 132), (190, 204, 214), (92, 158, 62)),
            ((104, 112, 140), (226, 214, 196), (120, 160, 56)),
            ((70, 96, 124), (176, 200, 206), (70, 146, 70)),
        ]
    )
    canvas.gradient([(0, top), (0.7, low), (1, low)])
    canvas.clouds(mix(low, (255, 255, 255), 0.5), mix(top, (40, 48, 64), 0.45), 0.75, 0.8, 0.85)
    x, radius = canvas.between(0.3, 0.7), canvas.between(0.56, 0.7)
    dx, dy = (canvas.x - x) / canvas.x_size, (canvas.y - 0.84) / canvas.y_size
    distance = np.sqrt(dx * dx + dy * dy)
    band = np.clip((distance - radius) / 0.085, 0, 1)
    hues = (
        np.array(
            [
                (120, 60, 190),
                (60, 90, 230),
                (50, 180, 120),
                (150, 220, 60),
                (255, 226, 60),
                (255, 140, 40),
                (236, 50, 50),
            ],
            np.float32,
        )
        / 255
    )
    spots = np.linspace(0, 1, len(hues))
    table = np.stack(
        [np.interp(np.linspace(0, 1, 512), spots, hues[:, i]) for i in range(3)], axis=-1
    ).astype(np.float32)
    bow = table[(band * 511).astype(np.int32)]
    strength = np.clip(np.sin(band * np.pi), 0, 1) ** 0.6 * 0.72
    canvas.lighten(0.16 * np.clip((radius - distance) * 8, 0, 1), (255, 255, 255))
    canvas.blend((strength * (0.75 + 0.5 * (canvas.noise(2, 2, 3) - 0.5))).astype(np.float32), bow)
    for layer in range(4):
        near = layer / 3
        line = canvas.line(0.66 + 0.09 * layer, 0.03 + 0.02 * near, 1.6, 3, 0.35)
        light = mix(mix(green, low, 0.5 * (1 - near)), (220, 220, 110), 0.18)
        canvas.below(line, light, mix(light, (16, 50, 26), 0.55), 0.2)
        bushes = 26 if layer < 3 else 6
        xs, ys, sizes, tones = [], [], [], []
        for at in canvas.rng.uniform(0, 0.99, bushes):
            y = float(line[int(at * canvas.width)]) + canvas.between(0.0, 0.06)
            size = canvas.between(0.005, 0.011) * (0.5 + near)
            for _ in range(22):
                share = canvas.rng.random()
                xs.append(at + canvas.rng.normal(0, size * 0.8) * canvas.x_size)
                ys.append(y - size * share * 2 * canvas.y_size)
                sizes.append(size * canvas.between(0.25, 0.5))
                tones.append(mix(mix(light, (10, 40, 22), 0.72), light, 0.55 * share))
        order = np.argsort(-np.array(ys))
        canvas.dabs(
            np.array(xs)[order], np.array(ys)[order], np.array(sizes)[order], np.array(tones)[order]
        )
    field = canvas.noise(4, 12, 5, 0.6)
    canvas.darken(1 + 0.22 * (field - 0.5) * smooth_step(canvas.y, 0.6, 0.72))


@scene
def starry_sky(canvas: Canvas) -> None:
    """The Milky Way over a dark ridge."""
    top, low, dust = canvas.palette(
        [
            ((5, 8, 26), (34, 52, 92), (150, 150, 200)),
            ((8, 6, 24), (64, 42, 82), (190, 150, 180)),
            ((4, 12, 26), (22, 66, 84), (140, 176, 190)),
        ]
    )
    canvas.gradient([(0, top), (0.8, low), (1, mix(low, (255, 180, 120), 0.25))])
    angle, centre = canvas.between(-1.1, 1.1), canvas.between(0.35, 0.65)
    across = (canvas.x - centre) / canvas.x_size * np.cos(angle) + (
        canvas.y - 0.45
    ) / canvas.y_size * np.sin(angle)
    band = np.exp(-((across / 0.17) ** 2))
    cloud = canvas.noise(4, 4, 7, 0.6)
    lanes = smooth_step(canvas.noise(5, 7, 6, 0.6), 0.52, 0.68) * np.exp(-((across / 0.07) ** 2))
    glow = band * smooth_step(cloud, 0.25, 0.8) * (1 - 0.8 * lanes)
    canvas.lighten(0.55 * glow, dust)
    canvas.lighten(0.3 * glow**2, (255, 226, 200))
    canvas.stars(2200, 1.0, 0.9)
    count = 2600
    xs, ys = canvas.rng.random(count), canvas.rng.random(count)
    columns, rows = (xs * canvas.width).astype(int), (ys * canvas.height).astype(int)
    levels = 0.75 * np.broadcast_to(glow, (canvas.height, canvas.width))[rows, columns]
    canvas.lights(xs, ys, levels, np.full((count, 3), 235.0))
    far = canvas.line(0.86, 0.05, 3, 6)
    canvas.below(far, mix(low, (6, 8, 18), 0.6), (8, 10, 20), 0.1)
    near = canvas.line(0.95, 0.03, 2, 5)
    conifer_row(canvas, near, 22, 0.05, 0.16, (4, 5, 10))
    canvas.below(near, (4, 5, 10))


@scene
def moon_sea(canvas: Canvas) -> None:
    """A full moon and its path of light on dark water."""
    top, low = canvas.palette(
        [((6, 12, 36), (44, 68, 118)), ((10, 10, 34), (72, 62, 112)), ((4, 18, 36), (30, 82, 108))]
    )
    horizon, x = canvas.between(0.56, 0.66), canvas.between(0.28, 0.72)
    y, size = canvas.between(0.2, 0.34), canvas.between(0.06, 0.1)
    canvas.gradient([(0, top), (1, low)], 0, horizon)
    canvas.stars(160, horizon * 0.8, 0.45)
    canvas.glow(x, y, 0.34, (190, 205, 240), 0.4)
    canvas.clouds((150, 165, 200), mix(top, low, 0.4), canvas.between(0.25, 0.5), horizon, 0.6)
    canvas.glow(x, y, 0.15, (225, 230, 250), 0.55)
    canvas.disc(x, y, size, (246, 244, 230), 0.04)
    seas = smooth_step(canvas.noise(22, 22, 4, 0.6), 0.5, 0.72)
    dx, dy = (canvas.x - x) / canvas.x_size, (canvas.y - y) / canvas.y_size
    face = np.clip((size * 0.97 - np.sqrt(dx * dx + dy * dy)) * canvas.side, 0, 1)
    canvas.blend(0.3 * face * seas, (150, 152, 160))
    canvas.water(horizon, mix(top, (6, 12, 28), 0.5), 0.45, 1.0, darkness=0.7)
    canvas.glitter(x, horizon, (232, 236, 246), 0.05, 1.0)
    if canvas.rng.random() < 0.6:
        cape = canvas.line(horizon, 0.02, 4, 5) - 0.06 * np.clip(
            (canvas.x[0] - canvas.between(0.6, 0.85)) * 4, 0, 1
        )
        band = (canvas.y >= cape[None, :]) & (canvas.y < horizon + 0.004)
        canvas.blend(band.astype(np.float32), (8, 12, 26))
    canvas.bloom(0.75, 0.03, 0.45)


@scene
def waterfall(canvas: Canvas) -> None:
    """White water falling down a dark cliff between green banks."""
    sky, dark, light, green, pool = canvas.palette(
        [
            ((196, 216, 226), (30, 32, 34), (122, 116, 106), (70, 122, 48), (52, 96, 104)),
            ((214, 220, 214), (36, 30, 28), (138, 116, 94), (92, 130, 44), (60, 110, 100)),
            ((180, 206, 222), (24, 32, 38), (104, 112, 116), (48, 110, 60), (40, 92, 116)),
        ]
    )
    canvas.gradient([(0, sky), (1, mix(sky, (255, 255, 255), 0.4))])
    edge, foot = canvas.between(0.14, 0.22), canvas.between(0.76, 0.82)
    centre, half = canvas.between(0.4, 0.6), canvas.between(0.07, 0.14) * canvas.x_size
    line = canvas.line(edge, 0.06, 3, 7, 0.55)
    line += (0.05 * np.exp(-(((canvas.x[0] - centre) / (half * 2)) ** 2))).astype(np.float32)
    rock = rock_face(canvas, 4.5, dark, light)
    shape = np.clip((canvas.y - line[None, :]) * canvas.height + 0.5, 0, 1)
    canvas.blend(shape, rock)
    moss = smooth_step(canvas.noise(5, 7, 7, 0.6) + 0.5 * np.abs(canvas.x - centre), 0.52, 0.72)
    leaf = canvas.noise(40, 40, 4, 0.7)[..., None]
    foliage = rgb(mix(green, (10, 24, 12), 0.6)) * (1 - leaf) + rgb(green) * leaf * 1.25
    away = smooth_step(np.abs(canvas.x - centre), half * 1.05, half * 1.9)
    canvas.blend(moss * shape * away * 0.95, foliage.astype(np.float32))
    conifer_row(canvas, line, 16, 0.05, 0.13, mix(green, (12, 30, 20), 0.65))
    stream = canvas.noise(90, 2.5, 5, 0.7)
    sway = 0.012 * (canvas.noise(2, 3, 3) - 0.5)
    spread = half * (0.75 + 0.45 * np.clip((canvas.y - edge) / (foot - edge), 0, 1))
    inside = smooth_step(1 - np.abs(canvas.x - centre + sway) / spread, 0.0, 0.3)
    lip = float(line[int(centre * canvas.width)])
    inside = inside * smooth_step(canvas.y, lip - 0.004, lip + 0.012)
    threads = smooth_step(stream, 0.25, 0.6)
    canvas.blend(inside * (0.45 + 0.55 * threads), mix((240, 247, 252), pool, 0.1))
    first = canvas.row(foot)
    canvas.water(foot, pool, 0.5, 0.6, 1.2, 0.15, 0.8)
    canvas.pixels[first:] *= 1.05
    for number in range(18):
        side = -1 if number % 2 else 1
        x = centre + side * (half * 1.8 + canvas.between(0, 0.45))
        boulder(
            canvas,
            x,
            canvas.between(foot + 0.01, 1.0),
            canvas.between(0.02, 0.08),
            mix(dark, light, 0.2),
            mix(light, sky, 0.15),
        )
    canvas.glow(centre, foot, 0.13, (255, 255, 255), 0.85, 1.0 + 6 * half)
    canvas.haze((240, 246, 248), foot - 0.02, 0.08, 0.3, 0.8)


@scene
def autumn(canvas: Canvas) -> None:
    """Trees in orange and gold, fallen leaves on the ground."""
    sky, leaves, ground = canvas.palette(
        [
            ((214, 224, 226), [(226, 112, 28), (200, 62, 30), (244, 176, 48)], (150, 92, 42)),
            ((236, 222, 190), [(240, 168, 40), (226, 130, 30), (190, 90, 30)], (172, 112, 48)),
            ((190, 208, 222), [(196, 52, 34), (226, 96, 36), (160, 36, 36)], (128, 66, 40)),
        ]
    )
    canvas.gradient([(0, sky), (0.6, mix(sky, (255, 246, 220), 0.6)), (1, ground)])
    for layer in range(3):
        line = canvas.line(0.56 + 0.05 * layer, 0.05, 5, 6, 0.6)
        tone = mix(mix(leaves[layer], sky, 0.6 - 0.2 * layer), (90, 50, 30), 0.12 * layer)
        texture = canvas.noise(30, 24, 5, 0.7)
        canvas.below(line, tone, mix(tone, (60, 30, 20), 0.35), 0.2)
        shade = np.clip((canvas.y - line[None, :]) * 30, 0, 1)
        canvas.darken(1 + 0.5 * (texture - 0.5) * shade)
    floor = canvas.line(0.7, 0.012, 2, 3)
    canvas.below(floor, mix(ground, leaves[0], 0.35), mix(ground, (50, 26, 14), 0.45), 0.35)
    positions = np.linspace(0.08, 0.92, int(canvas.rng.integers(4, 6)))
    for number, x in enumerate(canvas.rng.permutation(positions)):
        near = number / len(positions)
        foot = 0.73 + 0.14 * near
        strokes, tips = [], []
        size = canvas.between(0.15, 0.2) * (0.8 + 0.5 * near)
        branches(
            canvas,
            float(x),
            foot,
            size,
            canvas.between(-0.08, 0.08),
            0.022 * (0.6 + 0.6 * near),
            5,
            strokes,
            tips,
        )
        canvas.strokes(strokes, mix((44, 30, 24), (90, 66, 50), 1 - near))
        spots = np.array(tips)
        per_tip = 16
        count = len(spots) * per_tip
        centre = np.repeat(spots, per_tip, axis=0)
        reach = 0.05 * (0.8 + 0.4 * near)
        xs = centre[:, 0] + canvas.rng.normal(0, reach * canvas.x_size, count)
        ys = centre[:, 1] + canvas.rng.normal(0, reach * 0.8 * canvas.y_size, count)
        picks = np.array(leaves)[canvas.rng.integers(0, 3, count)]
        light = np.clip(0.62 + (foot - ys) * 0.75, 0.5, 1.12)[:, None]
        order = np.argsort(-ys)
        canvas.dabs(
            xs[order],
            ys[order],
            canvas.rng.uniform(0.003, 0.009, count),
            (picks * light + canvas.rng.normal(0, 12, (count, 3)))[order],
        )
    count = 1500
    ys = 0.72 + 0.29 * canvas.rng.random(count) ** 0.8
    tones = np.array(leaves)[canvas.rng.integers(0, 3, count)]
    canvas.dabs(
        canvas.rng.random(count),
        ys,
        0.002 + 0.011 * (ys - 0.7) / 0.3,
        tones * canvas.rng.uniform(0.6, 1.1, (count, 1)),
        flat=0.5,
    )
    canvas.glow(canvas.between(0.2, 0.8), 0.35, 0.4, (255, 236, 190), 0.35)
    canvas.bloom(0.8, 0.025, 0.35)


@scene
def volcano(canvas: Canvas) -> None:
    """A volcano throwing fire, lava running down its flanks."""
    top, low = canvas.palette(
        [
            ((24, 18, 38), (120, 54, 52)),
            ((14, 22, 44), (150, 78, 60)),
            ((36, 16, 26), (176, 70, 40)),
        ]
    )
    canvas.gradient([(0, top), (0.85, low), (1, mix(low, (30, 16, 20), 0.5))])
    x, peak = canvas.between(0.38, 0.62), canvas.between(0.38, 0.46)
    canvas.stars(240, 0.5, 0.35)
    plume = canvas.noise(4, 5, 7, 0.6)
    drift = canvas.between(-0.35, 0.35)
    rise = np.clip((peak - canvas.y) / peak, 0, 1)
    across = np.abs(canvas.x - x - drift * rise) / canvas.x_size / (0.07 + 0.36 * rise)
    smoke = smooth_step(1.15 - across + 0.9 * (plume - 0.5), 0.1, 0.7) * (canvas.y < peak + 0.02)
    relief = np.clip(0.5 + (plume - np.roll(plume, int(0.02 * canvas.side), 0)) * 6, 0, 1)
    shade = rgb((52, 42, 50)) * (1 - relief[..., None]) + rgb((146, 110, 104)) * relief[..., None]
    fire = (np.clip(1 - rise * 2.4, 0, 1) ** 2)[..., None]
    canvas.blend(smoke * 0.94, (shade * (1 - fire) + rgb((255, 116, 40)) * fire))
    canvas.glow(x, peak, 0.3, (255, 110, 40), 0.75)
    slope = peak + (np.abs(canvas.x[0] - x) / canvas.x_size / 0.62) ** 0.82 * 0.62
    slope = np.maximum(slope, peak + 0.012) + canvas.line(0, 0.012, 6, 6)
    rock = rock_face(canvas, 6, (14, 12, 16), (84, 62, 60), 7)
    mask = np.clip((canvas.y - slope[None, :]) * canvas.height + 0.5, 0, 1)
    canvas.blend(mask.astype(np.float32), rock)
    flows = []
    for _ in range(int(canvas.rng.integers(4, 7))):
        steps = np.linspace(0, 1, 26)
        aim = canvas.between(-0.33, 0.33)
        wander = np.cumsum(canvas.rng.normal(0, 0.008, 26))
        length = canvas.between(0.25, 0.55)
        flow_x = x + (aim * steps**1.1 + wander) * canvas.x_size
        flow_y = peak + 0.02 + length * steps
        for i in range(25):
            flows.append(
                ([(flow_x[i], flow_y[i]), (flow_x[i + 1], flow_y[i + 1])], 0.011 * (1.1 - steps[i]))
            )
    canvas.strokes(flows, (255, 84, 20), 0.9, blur=0.012, light=True)
    canvas.strokes(flows, (255, 120, 30))
    canvas.strokes([(p, s * 0.45) for p, s in flows], (255, 222, 120))
    sparks = []
    for _ in range(90):
        angle, reach = canvas.rng.normal(0, 0.45), canvas.between(0.05, 0.34)
        steps = np.linspace(0.3, 1, 6)
        sparks.append(
            (
                list(
                    zip(
                        x + np.sin(angle) * reach * steps * canvas.x_size,
                        peak - (np.cos(angle) * reach * steps - 0.12 * steps**2) * canvas.y_size,
                        strict=True,
                    )
                ),
                canvas.between(0.0015, 0.004),
            )
        )
    canvas.strokes(sparks, (255, 170, 70), light=True)
    canvas.glow(x, peak - 0.02, 0.08, (255, 214, 120), 1.0)
    canvas.bloom(0.6, 0.02, 0.7)


@scene
def fireworks(canvas: Canvas) -> None:
    """Bursts of colour over a dark town by the water."""
    top, low = canvas.palette(
        [((5, 6, 22), (28, 26, 62)), ((8, 4, 18), (50, 22, 54)), ((3, 10, 24), (18, 44, 70))]
    )
    shore = canvas.between(0.8, 0.86)
    canvas.gradient([(0, top), (1, low)], 0, shore)
    hues = [
        (255, 86, 74),
        (96, 190, 255),
        (255, 206, 96),
        (126, 255, 150),
        (236, 120, 255),
        (255, 246, 220),
    ]
    smoke = canvas.noise(3, 4, 5)
    tips: list[tuple[float, ...]] = []
    for number in range(int(canvas.rng.integers(4, 7))):
        x, y = canvas.between(0.12, 0.88), canvas.between(0.13, 0.52)
        reach, hue = canvas.between(0.13, 0.27), hues[(number + int(canvas.rng.integers(6))) % 6]
        canvas.glow(x, y, reach * 1.1, hue, 0.22)
        rays = []
        for _ in range(int(canvas.rng.integers(90, 140))):
            angle, flat = canvas.between(0, FULL_TURN), canvas.rng.random() ** 0.35
            along = np.linspace(canvas.between(0.15, 0.4), 1, 7)
            px = x + np.cos(angle) * reach * flat * along * canvas.x_size
            py = y + (np.sin(angle) * reach * flat * along + 0.05 * along**2.5) * canvas.y_size
            rays.append((list(zip(px, py, strict=True)), canvas.between(0.0014, 0.003)))
        canvas.strokes(rays, hue, 1.0, light=True)
        canvas.strokes(rays, hue, 0.9, blur=0.005, light=True)
        tips += [(*ray[0][-1], *mix(hue, (255, 255, 255), 0.7)) for ray in rays]
        canvas.strokes(
            [([(x + 0.01, shore), (x, y)], 0.002)], mix(hue, (255, 220, 160), 0.6), 0.25, light=True
        )
    ends = np.array(tips)
    canvas.lights(ends[:, 0], ends[:, 1], np.full(len(ends), 1.2), ends[:, 2:], 0.0035)
    canvas.lighten(0.07 * smoke * (canvas.y < shore), (180, 170, 190))
    skyline = np.round(canvas.line(shore - 0.05, 0.03, 16, 3, sharp=True) * 60) / 60
    canvas.below(skyline, (8, 8, 16))
    count = 110
    canvas.lights(
        canvas.rng.random(count),
        canvas.rng.uniform(shore - 0.045, shore, count),
        canvas.rng.uniform(0.4, 1.2, count),
        np.full((count, 3), (255, 206, 130)),
        0.003,
    )
    canvas.water(shore, (4, 6, 16), 0.3, 1.3, darkness=0.75)
    canvas.bloom(0.6, 0.015, 0.6)


@scene
def road(canvas: Canvas) -> None:
    """A straight road through open fields to the horizon."""
    top, low, field, far = canvas.palette(
        [
            ((44, 112, 200), (206, 226, 240), (196, 164, 80), (120, 130, 90)),
            ((58, 126, 204), (232, 236, 232), (116, 150, 62), (96, 128, 110)),
            ((84, 84, 140), (252, 196, 150), (150, 116, 70), (110, 84, 90)),
        ]
    )
    horizon = canvas.between(0.44, 0.52)
    canvas.gradient([(0, top), (1, low)], 0, horizon)
    canvas.clouds((255, 255, 255), mix(low, top, 0.35), canvas.between(0.4, 0.62), horizon, 0.95)
    hills = canvas.line(horizon - 0.025, 0.025, 4, 5)
    canvas.below(hills, mix(far, low, 0.5))
    canvas.gradient(
        [(0, mix(field, low, 0.35)), (0.2, field), (1, mix(field, (60, 46, 24), 0.4))], horizon, 1
    )
    first = canvas.row(horizon)
    depth = (canvas.y[first:] - horizon) / (1 - horizon)
    texture = canvas.ripples(horizon, 1.6) * (0.03 + 0.09 * depth)
    canvas.pixels[first:] *= (1 + texture)[..., None]
    x, half = canvas.between(0.42, 0.58), canvas.between(0.3, 0.4)
    tilt = canvas.between(-0.08, 0.08)
    spread = (0.004 + half * depth) * canvas.x_size
    centre = x + tilt * depth
    offset = (canvas.x - centre) / spread
    where = (slice(first, canvas.height), slice(None))
    edge = np.clip((1 - np.abs(offset)) * spread * canvas.width + 0.5, 0, 1)
    tarmac = canvas.noise(60, 60, 3, 0.8)[first:, :, None] * 0.1 + 0.95
    canvas.blend(edge, (rgb((74, 74, 80)) * tarmac).astype(np.float32), where)
    lines = np.exp(-(((np.abs(offset) - 0.9) / 0.02) ** 2))
    dashes = np.exp(-((offset / 0.022) ** 2)) * (np.sin(9 / (depth + 0.035)) > 0)
    canvas.blend(edge * np.clip(lines + dashes, 0, 1) * 0.9, (244, 240, 226), where)
    poles = [
        (
            [
                (x + side * (0.003 + 0.55 * d) * canvas.x_size, horizon + (1 - horizon) * d),
                (
                    x + side * (0.003 + 0.55 * d) * canvas.x_size,
                    horizon + (1 - horizon) * d - 0.5 * d - 0.008,
                ),
            ],
            0.01 * d + 0.0012,
        )
        for side in [canvas.one_of([-1, 1])]
        for d in (0.04, 0.07, 0.12, 0.21, 0.38)
    ]
    canvas.strokes(poles, (60, 48, 40))
    canvas.haze(low, horizon, 0.03, 0.5, 0.1)


@scene
def lighthouse(canvas: Canvas) -> None:
    """A red and white lighthouse on rocks above the sea."""
    top, low, sea, dusk = canvas.palette(
        [
            ((56, 128, 204), (216, 232, 242), (28, 88, 140), False),
            ((52, 62, 122), (250, 176, 140), (44, 60, 106), True),
            ((110, 140, 170), (226, 228, 224), (58, 96, 118), False),
        ]
    )
    horizon, x = canvas.between(0.6, 0.66), canvas.between(0.3, 0.7)
    canvas.gradient([(0, top), (1, low)], 0, horizon)
    canvas.clouds(
        mix((255, 255, 255), low, 0.3),
        mix(low, top, 0.45),
        canvas.between(0.25, 0.55),
        horizon,
        0.85,
    )
    canvas.water(horizon, sea, 0.55, 1.2, darkness=0.85)
    side = 1 if x > 0.5 else -1
    ground = 0.78 + canvas.line(0, 0.02, 5, 7, 0.6)
    away = np.clip(np.abs(canvas.x[0] - x) / canvas.x_size - 0.16, 0, 2)
    inland = np.where((canvas.x[0] - x) * side > 0, 0.22, 1.15)
    ground = (ground + away * 0.42 * inland).astype(np.float32)
    rock = rock_face(canvas, 7, (34, 34, 38), (150, 136, 118) if not dusk else (124, 92, 88), 7)
    mask = np.clip((canvas.y - ground[None, :]) * canvas.height + 0.5, 0, 1)
    canvas.blend(mask.astype(np.float32), rock)
    turf = smooth_step(canvas.noise(6, 12, 5) - (canvas.y - ground[None, :]) * 9, 0.3, 0.55) * mask
    canvas.blend(turf * 0.85, (92, 116, 56) if not dusk else (70, 74, 60))
    foam = smooth_step(canvas.noise(20, 30, 5, 0.65), 0.5, 0.66)
    shoreline = np.exp(-(((canvas.y - ground[None, :] + 0.01) / 0.03) ** 2))
    canvas.blend(foam * shoreline * (1 - mask) * (canvas.y > horizon + 0.03), (246, 250, 252))
    size = canvas.between(0.46, 0.54)
    base, head = 0.795, 0.795 - size * canvas.y_size
    bands = 7
    for band in range(bands):
        low_share, high_share = band / bands, (band + 1) / bands
        lower, upper = (0.066 - 0.028 * s for s in (low_share, high_share))
        y0, y1 = base + (head - base) * low_share, base + (head - base) * high_share
        shape = [
            (x - lower * canvas.x_size, y0),
            (x + lower * canvas.x_size, y0),
            (x + upper * canvas.x_size, y1),
            (x - upper * canvas.x_size, y1),
        ]
        round_light = np.clip(
            1.04
            - 0.5 * np.abs((canvas.x - x + 0.02 * canvas.x_size) / (lower * canvas.x_size)) ** 1.6,
            0.35,
            1.1,
        )
        tone = (206, 44, 42) if band % 2 == 0 else (246, 244, 238)
        field = np.broadcast_to(
            (rgb(mix(tone, top, 0.12 + 0.2 * dusk))[None, None, :] * round_light[..., None]),
            canvas.pixels.shape,
        )
        canvas.polygons([shape], np.ascontiguousarray(field, np.float32))
    unit_x, unit_y = canvas.x_size, canvas.y_size
    lamp = head - 0.028 * unit_y
    canvas.polygons(
        [rectangle(x - 0.05 * unit_x, head - 0.01 * unit_y, x + 0.05 * unit_x, head)], (50, 48, 54)
    )
    canvas.polygons(
        [
            rectangle(
                x - 0.027 * unit_x, head - 0.06 * unit_y, x + 0.027 * unit_x, head - 0.01 * unit_y
            )
        ],
        (255, 238, 170),
    )
    canvas.polygons(
        [
            [
                (x - 0.038 * unit_x, head - 0.06 * unit_y),
                (x, head - 0.1 * unit_y),
                (x + 0.038 * unit_x, head - 0.06 * unit_y),
            ]
        ],
        (168, 36, 36),
    )
    canvas.glow(x, lamp, 0.05, (255, 240, 190), 0.9 if dusk else 0.3)
    if dusk:
        for aim in (-1, 1):
            canvas.polygons(
                [[(x, lamp), (x + aim, lamp - 0.16), (x + aim, lamp + 0.05)]],
                (255, 240, 200),
                0.2,
                blur=0.01,
            )


@scene
def snow_cabin(canvas: Canvas) -> None:
    """A wooden cabin with lit windows among snowy firs at dusk."""
    top, low, snow, fir = canvas.palette(
        [
            ((36, 56, 104), (160, 176, 210), (206, 218, 240), (30, 48, 60)),
            ((62, 56, 104), (236, 176, 170), (226, 214, 232), (42, 46, 62)),
            ((96, 126, 160), (214, 222, 230), (240, 244, 250), (38, 60, 58)),
        ]
    )
    canvas.gradient([(0, top), (0.62, low), (1, low)])
    hills = canvas.line(0.52, 0.07, 2.2, 6)
    canvas.below(hills, mix(snow, low, 0.55), mix(snow, low, 0.2), 0.2)
    conifer_row(canvas, hills + 0.02, 60, 0.05, 0.1, mix(fir, low, 0.55))
    ground = canvas.line(0.68, 0.02, 1.5, 3)
    conifer_row(canvas, ground, 20, 0.18, 0.36, mix(fir, low, 0.25))
    canvas.below(ground, snow, mix(snow, top, 0.4), 0.4)
    drifts = canvas.noise(3, 7, 4)
    canvas.darken(1 + 0.12 * (drifts - 0.5) * np.clip((canvas.y - ground[None, :]) * 20, 0, 1))
    x, y, size = canvas.between(0.36, 0.64), canvas.between(0.74, 0.8), canvas.between(0.15, 0.2)
    unit_x, unit_y = size * canvas.x_size, size * canvas.y_size
    wood = canvas.near((104, 66, 42))
    canvas.polygons(
        [rectangle(x + 0.4 * unit_x, y - 1.62 * unit_y, x + 0.62 * unit_x, y - 0.9 * unit_y)],
        (84, 62, 58),
    )
    canvas.glow(x, y + 0.04, size * 1.2, (255, 190, 100), 0.3, 1.6)
    canvas.polygons([rectangle(x - unit_x, y - 0.75 * unit_y, x + unit_x, y)], wood)
    canvas.polygons(
        [[(x - unit_x, y - 0.74 * unit_y), (x, y - 1.5 * unit_y), (x + unit_x, y - 0.74 * unit_y)]],
        mix(wood, (40, 24, 20), 0.25),
    )
    logs = [
        ([(x - unit_x, y - k * 0.107 * unit_y), (x + unit_x, y - k * 0.107 * unit_y)], 0.003)
        for k in range(8)
    ]
    canvas.strokes(logs, mix(wood, (24, 14, 12), 0.6), 0.8)
    roof = [
        (x - 1.32 * unit_x, y - 0.6 * unit_y),
        (x, y - 1.66 * unit_y),
        (x + 1.32 * unit_x, y - 0.6 * unit_y),
        (x + 1.14 * unit_x, y - 0.54 * unit_y),
        (x, y - 1.4 * unit_y),
        (x - 1.14 * unit_x, y - 0.54 * unit_y),
    ]
    canvas.polygons([roof], mix(snow, (255, 255, 255), 0.6))
    for left in (-0.72, 0.3):
        pane = rectangle(
            x + left * unit_x, y - 0.56 * unit_y, x + (left + 0.42) * unit_x, y - 0.2 * unit_y
        )
        canvas.polygons([pane], (255, 214, 122))
        middle = x + (left + 0.21) * unit_x
        canvas.strokes(
            [
                ([(middle, y - 0.56 * unit_y), (middle, y - 0.2 * unit_y)], 0.004),
                ([(pane[0][0], y - 0.38 * unit_y), (pane[1][0], y - 0.38 * unit_y)], 0.004),
            ],
            (74, 46, 30),
        )
        canvas.glow(middle, y - 0.38 * unit_y, size * 0.5, (255, 190, 90), 0.5)
    canvas.polygons(
        [rectangle(x - 0.16 * unit_x, y - 0.5 * unit_y, x + 0.16 * unit_x, y)], (62, 38, 28)
    )
    for tree_x, tall in ((x - 0.33 * canvas.x_size, 0.5), (x + 0.35 * canvas.x_size, 0.44)):
        outline = conifer(canvas, tree_x, y + 0.05, tall * canvas.between(0.85, 1.1))
        canvas.polygons([outline], fir)
        dusting = [(px + 0.004, py - 0.008) for px, py in outline]
        mask, where = canvas.mask_of([dusting])
        speckle = smooth_step(canvas.noise(40, 40, 4, 0.7)[where], 0.5, 0.62)
        canvas.blend(mask * speckle, mix(snow, (255, 255, 255), 0.5), where)
    count = 420
    canvas.lights(
        canvas.rng.random(count),
        canvas.rng.random(count),
        canvas.rng.uniform(0.2, 0.7, count),
        np.full((count, 3), 255.0),
        0.003,
    )
    canvas.bloom(0.8, 0.02, 0.4)


@scene
def misty_hills(canvas: Canvas) -> None:
    """Ridge behind ridge, fading into morning fog."""
    pale, dark, sky = canvas.palette(
        [
            ((222, 226, 230), (52, 70, 84), (236, 236, 234)),
            ((248, 218, 190), (72, 58, 82), (255, 232, 204)),
            ((206, 222, 216), (36, 66, 62), (228, 238, 232)),
            ((214, 212, 230), (58, 56, 96), (240, 228, 236)),
        ]
    )
    canvas.gradient([(0, mix(sky, dark, 0.12)), (0.45, sky), (1, pale)])
    if canvas.rng.random() < 0.6:
        x = canvas.between(0.2, 0.8)
        canvas.glow(x, 0.24, 0.3, (255, 248, 226), 0.8)
        canvas.disc(x, 0.24, 0.035, (255, 252, 240), 0.5, 0.8)
    layers = 7
    for layer in range(layers):
        near = (layer + 1) / layers
        line = canvas.line(0.3 + 0.1 * layer, 0.05 + 0.03 * near, 2.2 - 0.12 * layer, 6, 0.45)
        tone = mix(pale, dark, near**1.5)
        if layer >= 4:
            conifer_row(
                canvas, line, 26 + 6 * layer, 0.02 + 0.03 * near, 0.03 + 0.09 * near**2, tone
            )
        canvas.below(line, tone, mix(tone, pale, 0.85), 0.14 + 0.06 * near)
        if layer < layers - 1:
            canvas.haze(pale, 0.4 + 0.1 * layer, 0.04, 0.5, 0.9)


@scene
def aurora(canvas: Canvas) -> None:
    """Green curtains of northern lights over snow."""
    top, low, first_hue, second_hue = canvas.palette(
        [
            ((4, 10, 28), (16, 44, 62), (70, 255, 150), (150, 90, 230)),
            ((6, 8, 30), (22, 36, 70), (90, 250, 180), (236, 90, 170)),
            ((4, 14, 26), (12, 54, 60), (120, 255, 120), (60, 190, 220)),
        ]
    )
    canvas.gradient([(0, top), (0.75, low), (1, low)])
    canvas.stars(900, 0.8, 0.6)
    for _ in range(int(canvas.rng.integers(2, 4))):
        foot = canvas.line(canvas.between(0.42, 0.6), 0.14, canvas.between(1.0, 1.8), 4, 0.45)
        rays = np.interp(canvas.x[0] * 220, np.arange(224), canvas.rng.random(224))
        broad = canvas.line(0.6, 0.35, 5, 4)
        power = ((0.35 + 0.65 * rays) * np.clip(broad, 0.1, 1)).astype(np.float32)
        rise = (foot[None, :] - canvas.y) / (0.22 + 0.2 * power[None, :])
        body = np.exp(-np.where(rise > 0, rise * 2.3, (rise / 0.09) ** 2))
        level = (body * power[None, :]).astype(np.float32)
        canvas.lighten(np.clip(level * 1.1, 0, 1), first_hue)
        canvas.lighten(np.clip(level * np.clip(rise, 0, 1) * 1.1, 0, 1), second_hue)
    canvas.glow(0.5, 0.6, 0.45, first_hue, 0.16, 2)
    snow = mix((150, 190, 205), first_hue, 0.16)
    line = mountains(
        canvas,
        0.86,
        canvas.between(0.2, 0.28),
        (10, 18, 32),
        (40, 60, 76),
        mix(snow, top, 0.25),
        0.4,
        mix(low, top, 0.4),
        1.0,
        4,
    )
    field = canvas.line(0.84, 0.015, 2, 4)
    canvas.below(np.maximum(field, line), mix(snow, top, 0.35), mix(snow, top, 0.72), 0.2)
    conifer_row(canvas, field + 0.03, 24, 0.06, 0.16, (6, 10, 18))
    canvas.bloom(0.6, 0.03, 0.35)


@scene
def harbour_lights(canvas: Canvas) -> None:
    """A harbour at dusk: lamps on the quay, masts, long reflections."""
    top, middle, low = canvas.palette(
        [
            ((22, 30, 74), (110, 76, 128), (250, 166, 120)),
            ((16, 40, 84), (70, 104, 150), (240, 196, 160)),
            ((34, 22, 62), (146, 66, 106), (255, 146, 96)),
        ]
    )
    quay = canvas.between(0.52, 0.58)
    canvas.gradient([(0, top), (0.65, middle), (1, low)], 0, quay)
    canvas.clouds(
        mix(low, middle, 0.4), mix(top, middle, 0.5), canvas.between(0.25, 0.5), quay, 0.75
    )
    hill = canvas.line(quay - 0.08, 0.04, 2, 5)
    canvas.below(hill, mix(top, middle, 0.35))
    houses, panes, left = [], [], -0.02
    while left < 1:
        wide = canvas.between(0.035, 0.07) * (0.5 + 0.5 * canvas.x_size)
        high = canvas.between(0.05, 0.11)
        houses.append(
            [
                (left, quay),
                (left, quay - high),
                (left + wide / 2, quay - high - 0.022),
                (left + wide, quay - high),
                (left + wide, quay),
            ]
        )
        panes += windows(
            canvas, left + 0.004, left + wide - 0.004, quay - high, quay - 0.006, 0.42, 0.017
        )
        left += wide
    canvas.polygons(houses, mix(top, (18, 18, 34), 0.6))
    canvas.polygons(panes, (255, 204, 118), 0.95)
    count = int(canvas.rng.integers(16, 26))
    xs = np.sort(canvas.rng.random(count))
    hues = np.array([(255, 206, 120), (255, 232, 190), (255, 160, 90), (150, 220, 255)])
    picked = hues[canvas.rng.choice(4, count, p=[0.5, 0.3, 0.14, 0.06])]
    lamp_ys = quay - canvas.rng.uniform(0.012, 0.045, count)
    canvas.lights(xs, lamp_ys, np.full(count, 2.2), picked.astype(float), 0.006, 0.012)
    boats, masts = [], []
    for _ in range(int(canvas.rng.integers(7, 12))):
        x, long = canvas.between(0.02, 0.98), canvas.between(0.05, 0.09)
        wide = long * canvas.x_size
        boats.append(
            [
                (x - wide, quay - 0.018),
                (x + wide * 1.1, quay - 0.022),
                (x + wide * 0.8, quay + 0.004),
                (x - wide * 0.85, quay + 0.004),
            ]
        )
        tall = canvas.between(0.13, 0.26) * canvas.y_size
        masts.append(([(x, quay), (x, quay - tall)], 0.0032))
        masts.append(([(x - wide * 0.9, quay - 0.02), (x, quay - tall)], 0.0011))
        masts.append(([(x, quay - tall), (x + wide, quay - 0.02)], 0.0011))
    canvas.strokes(masts, (20, 20, 36))
    canvas.polygons(boats, (22, 22, 40))
    canvas.water(quay, mix(top, (8, 10, 28), 0.4), 0.28, 1.25, darkness=0.82)
    waves = canvas.ripples(quay, 1.3)
    for x, hue in zip(xs, picked, strict=True):
        canvas.glitter(float(x), quay, tuple(hue), 0.009, 0.8, waves)
    canvas.bloom(0.62, 0.016, 0.8)


@scene
def balloons(canvas: Canvas) -> None:
    """Hot air balloons over hills in the morning."""
    top, low, land = canvas.palette(
        [
            ((86, 140, 206), (255, 222, 180), (150, 120, 96)),
            ((110, 116, 176), (255, 196, 168), (132, 92, 92)),
            ((70, 150, 220), (226, 238, 244), (110, 140, 84)),
        ]
    )
    canvas.gradient([(0, top), (0.8, low), (1, low)])
    canvas.clouds((255, 250, 244), mix(low, top, 0.2), 0.2, 0.8, 0.6)
    canvas.glow(canvas.between(0.1, 0.9), 0.68, 0.4, (255, 236, 200), 0.6, 1.5)
    for layer in range(4):
        near = (layer + 1) / 4
        line = canvas.line(0.72 + 0.07 * layer, 0.04, 3, 6, 0.5)
        tone = mix(low, mix(land, (40, 34, 40), 0.35 * near), 0.3 + 0.6 * near)
        canvas.below(line, tone, mix(tone, low, 0.5), 0.14)
    schemes = [
        [(214, 48, 44), (250, 214, 70)],
        [(36, 96, 190), (245, 240, 230)],
        [(240, 130, 36), (120, 40, 120)],
        [(40, 150, 96), (250, 226, 90)],
        [(226, 70, 120), (250, 238, 236)],
        [(120, 60, 160), (246, 170, 60)],
    ]
    chosen = canvas.rng.permutation(len(schemes))
    small = [
        (canvas.between(0.06, 0.94), canvas.between(0.24, 0.6), canvas.between(0.03, 0.06))
        for _ in range(6)
    ]
    big = [
        (canvas.between(0.25, 0.42), canvas.between(0.28, 0.36), canvas.between(0.15, 0.19)),
        (canvas.between(0.62, 0.8), canvas.between(0.36, 0.5), canvas.between(0.09, 0.13)),
    ]
    mirrored = canvas.rng.random() < 0.5
    for number, (x, y, size) in enumerate(small + big[::-1]):
        balloon(
            canvas,
            1 - x if mirrored else x,
            y,
            size,
            schemes[chosen[number % len(schemes)]],
            low,
            0.4 if number < len(small) else 0.08,
        )
    canvas.bloom(0.85, 0.02, 0.25)


def balloon(
    canvas: Canvas, x: float, y: float, size: float, colours: list[Colour], haze: Colour, far: float
) -> None:
    """Paint one balloon; far 0..1 fades it into the haze."""
    angles = np.linspace(-np.pi, np.pi, 60)
    across = np.sin(angles)
    down = -np.cos(angles)
    narrow = np.where(down > 0, 1 - 0.62 * np.abs(down) ** 2.2, 1.0)
    down = np.where(down > 0, down * 1.3, down)
    shape = [
        (x + size * a * n * canvas.x_size, y + size * d * canvas.y_size)
        for a, n, d in zip(across, narrow, down, strict=True)
    ]
    mask, where = canvas.mask_of([shape])
    dx = (canvas.x[:, where[1]] - x) / canvas.x_size / size
    dy = (canvas.y[where[0]] - y) / canvas.y_size / size
    width = np.sqrt(np.clip(1 - np.clip(dy, -1, 0) ** 2, 0.02, 1))
    width = width * np.where(dy > 0, 1 - 0.62 * np.clip(dy / 1.3, 0, 1) ** 2.2, 1)
    along = np.clip(dx / width, -1, 1)
    gore = np.floor((np.arcsin(along) / np.pi + 0.5) * 10).astype(int) % 2
    paint = np.where(gore[..., None] == 0, rgb(colours[0]), rgb(colours[1]))
    band = (np.abs(dy - 0.25) < 0.13)[..., None]
    paint = np.where(band, rgb(mix(colours[0], (255, 255, 255), 0.25)), paint)
    light = np.clip(1.02 - 0.36 * (along + 0.45) ** 2 - 0.12 * dy, 0.35, 1.15)[..., None]
    canvas.blend(mask, (paint * light * (1 - far) + rgb(haze) * far).astype(np.float32), where)
    basket_y, wide = y + 1.58 * size * canvas.y_size, 0.13 * size * canvas.x_size
    ropes = [
        (
            [
                (x + side * 0.36 * size * canvas.x_size, y + 1.26 * size * canvas.y_size),
                (x + side * wide, basket_y),
            ],
            0.006 * size / 0.15,
        )
        for side in (-1, 1)
    ]
    canvas.strokes(ropes, mix((50, 40, 36), haze, far))
    canvas.polygons(
        [rectangle(x - wide, basket_y, x + wide, basket_y + 0.2 * size * canvas.y_size)],
        mix((104, 70, 40), haze, far),
    )


@scene
def flower_field(canvas: Canvas) -> None:
    """Rows of flowers running to the horizon."""
    top, low = canvas.palette(
        [
            ((70, 136, 210), (226, 234, 240)),
            ((112, 104, 168), (255, 206, 170)),
            ((90, 150, 214), (250, 238, 216)),
        ]
    )
    blooms = canvas.palette(
        [
            [(126, 84, 190), (150, 108, 214)],
            [(222, 44, 58), (244, 96, 88)],
            [(250, 200, 40), (255, 226, 90)],
            [(236, 96, 160), (255, 170, 200)],
        ]
    )
    horizon = canvas.between(0.4, 0.46)
    canvas.gradient([(0, top), (1, low)], 0, horizon)
    canvas.clouds((255, 255, 255), mix(low, top, 0.2), canvas.between(0.2, 0.45), horizon, 0.85)
    green = (78, 118, 48)
    canvas.gradient([(0, mix(green, low, 0.3)), (1, mix(green, (20, 40, 16), 0.35))], horizon, 1)
    hills = canvas.line(horizon - 0.03, 0.03, 3, 5)
    band = (canvas.y >= hills[None, :]) & (canvas.y < horizon + 0.003)
    canvas.blend(band.astype(np.float32), mix((96, 126, 120), low, 0.35))
    for _ in range(18):
        x = canvas.between(0, 1)
        canvas.disc(x, horizon - 0.006, canvas.between(0.008, 0.018), (46, 84, 52), 0.5)
    first = canvas.row(horizon)
    depth = (canvas.y[first:] - horizon) / (1 - horizon)
    vanish = canvas.between(0.3, 0.7)
    across = (canvas.x - vanish) / canvas.x_size / (depth + 0.03)
    rows = 0.5 + 0.5 * np.cos(across * 17)
    share = smooth_step(rows, 0.22, 0.55)
    where = (slice(first, canvas.height), slice(None))
    canvas.blend(share * 0.9, mix(blooms[0], (30, 30, 30), 0.25), where)
    count = 6500
    near = canvas.rng.random(count) ** 0.62
    ys = horizon + (1 - horizon) * near
    row = canvas.rng.integers(-26, 27, count) + canvas.rng.normal(0, 0.13, count)
    xs = vanish + row * FULL_TURN / 17 * (near + 0.03) * canvas.x_size
    keep = (xs > -0.02) & (xs < 1.02)
    order = np.argsort(near[keep])
    palette = np.array(
        [*blooms, mix(blooms[1], (255, 255, 255), 0.35), mix(blooms[0], green, 0.45)]
    )
    tones = palette[canvas.rng.choice(4, count, p=[0.35, 0.35, 0.15, 0.15])]
    tones = tones * canvas.rng.uniform(0.8, 1.12, (count, 1))
    canvas.dabs(
        xs[keep][order],
        ys[keep][order] - 0.01 * near[keep][order],
        (0.0012 + 0.0085 * near**1.3)[keep][order],
        tones[keep][order],
        flat=0.8,
    )
    canvas.haze(low, horizon, 0.03, 0.4, 0.2)
    canvas.glow(canvas.between(0.15, 0.85), 0.28, 0.34, (255, 246, 220), 0.35)


@scene
def sailing_boat(canvas: Canvas) -> None:
    """A sailing boat on open water by day."""
    top, low, sea = canvas.palette(
        [
            ((40, 118, 206), (214, 232, 244), (18, 88, 152)),
            ((72, 138, 204), (250, 234, 210), (34, 104, 140)),
            ((90, 120, 160), (224, 230, 234), (40, 84, 116)),
        ]
    )
    sails = canvas.palette(
        [
            [(250, 248, 242), (236, 234, 228)],
            [(206, 52, 46), (232, 84, 66)],
            [(250, 248, 242), (226, 112, 44)],
            [(34, 70, 140), (246, 244, 238)],
        ]
    )
    horizon = canvas.between(0.5, 0.58)
    canvas.gradient([(0, top), (1, low)], 0, horizon)
    canvas.clouds((255, 255, 255), mix(low, top, 0.3), canvas.between(0.3, 0.55), horizon, 0.9)
    coast = canvas.line(horizon - 0.008, 0.02, 4, 5)
    canvas.blend(
        ((canvas.y >= coast[None, :]) & (canvas.y < horizon)).astype(np.float32),
        mix((84, 110, 120), low, 0.5),
    )
    x, size = canvas.between(0.36, 0.64), canvas.between(0.42, 0.54)
    deck = canvas.between(0.68, 0.74)
    canvas.water(horizon, sea, 0.62, 1.1, sparkle=0.2, darkness=0.95)
    ux, uy = size * canvas.x_size, size * canvas.y_size
    aim = canvas.one_of([-1, 1])
    main = [
        (x, deck - 1.16 * uy),
        (x + aim * 0.03 * ux, deck - 0.08 * uy),
        (x - aim * 0.44 * ux, deck - 0.07 * uy),
        (x - aim * 0.2 * ux, deck - 0.5 * uy),
    ]
    jib = [
        (x + aim * 0.012 * ux, deck - 1.02 * uy),
        (x + aim * 0.42 * ux, deck - 0.04 * uy),
        (x + aim * 0.06 * ux, deck - 0.12 * uy),
    ]
    hull = [
        (x - aim * 0.46 * ux, deck - 0.03 * uy),
        (x + aim * 0.5 * ux, deck - 0.05 * uy),
        (x + aim * 0.36 * ux, deck + 0.07 * uy),
        (x - aim * 0.38 * ux, deck + 0.07 * uy),
    ]

    def mirror(points: list[Point]) -> list[Point]:
        return [(px, 2 * (deck + 0.07 * uy) - py) for px, py in points]

    shade = np.clip(1.05 - 0.3 * np.abs((canvas.x - x) / ux + 0.1 * aim), 0.5, 1.1)[..., None]
    waves = np.zeros((canvas.height, canvas.width), np.float32)
    first = canvas.row(horizon)
    waves[first:] = smooth_step(canvas.ripples(horizon, 1.4), -0.3, 0.5)
    for points, tone in ((main, sails[0]), (jib, sails[1]), (hull, (240, 238, 232))):
        mask, where = canvas.mask_of([mirror(points)], blur=0.004)
        canvas.blend(mask * waves[where] * 0.55, mix(tone, sea, 0.35), where)
    for points, tone in ((main, sails[0]), (jib, sails[1])):
        field = np.broadcast_to(rgb(tone) * shade, canvas.pixels.shape).astype(np.float32)
        canvas.polygons([points], field)
    canvas.strokes(
        [
            ([(x, deck), (x, deck - 1.2 * uy)], 0.006),
            ([(x - aim * 0.46 * ux, deck - 0.07 * uy), (x, deck - 0.07 * uy)], 0.005),
        ],
        (70, 52, 40),
    )
    canvas.polygons([hull], canvas.one_of([(238, 236, 230), (36, 50, 84), (120, 40, 36)]))
    foam = [
        ([(x - aim * 0.5 * ux, deck + 0.065 * uy), (x + aim * 0.42 * ux, deck + 0.07 * uy)], 0.008)
    ]
    canvas.strokes(foam, (250, 252, 255), 0.8, blur=0.003)
    canvas.bloom(0.85, 0.02, 0.2)


@scene
def lightning(canvas: Canvas) -> None:
    """A thunderstorm: forked lightning under black clouds."""
    top, low, bolt = canvas.palette(
        [
            ((20, 22, 40), (84, 84, 118), (226, 220, 255)),
            ((24, 18, 36), (112, 80, 120), (250, 220, 255)),
            ((16, 26, 36), (70, 98, 112), (220, 240, 255)),
        ]
    )
    canvas.gradient([(0, top), (0.8, low), (1, mix(low, (200, 160, 120), 0.25))])
    x = canvas.between(0.25, 0.75)
    canvas.glow(x, 0.3, 0.5, bolt, 0.45, 1.3)
    canvas.clouds(mix(low, bolt, 0.35), mix(top, (4, 4, 10), 0.5), 0.85, 0.95, 0.92, 1.8)
    canvas.glow(x, 0.24, 0.26, bolt, 0.5, 1.3)
    horizon = canvas.between(0.8, 0.86)
    forks: list = []
    fork(canvas, x, 0.14, horizon, 0.0065, forks, 3)
    if canvas.rng.random() < 0.6:
        other = x + canvas.one_of([-1, 1]) * canvas.between(0.2, 0.34)
        fork(canvas, other, 0.2, horizon, 0.0035, forks, 2)
    canvas.strokes(forks, bolt, 0.9, blur=0.02, light=True)
    canvas.strokes(forks, bolt, 1.0, blur=0.005, light=True)
    canvas.strokes(forks, (255, 255, 255))
    rain = canvas.noise(120, 3, 3, 0.7)
    canvas.darken(1 + 0.2 * (rain - 0.5) * smooth_step(canvas.y, 0.4, 0.8))
    far = canvas.line(horizon, 0.02, 4, 5)
    canvas.below(far, mix(top, low, 0.25), (10, 12, 18), 0.1)
    near = canvas.line(horizon + 0.08, 0.015, 2, 4)
    grass(canvas, near, (8, 10, 14), mix(top, low, 0.3), 300, 0.04)
    canvas.bloom(0.7, 0.03, 0.6)


def fork(
    canvas: Canvas, x: float, y: float, end: float, size: float, strokes: list, splits: int
) -> None:
    """Grow a jagged bolt downwards, with side branches."""
    points = [(x, y)]
    while points[-1][1] < end:
        last_x, last_y = points[-1]
        points.append(
            (
                last_x + canvas.rng.normal(0, 0.024) * canvas.x_size,
                last_y + canvas.between(0.012, 0.035),
            )
        )
        if splits and canvas.rng.random() < 0.13:
            fork(
                canvas,
                points[-1][0] + canvas.between(-0.02, 0.02),
                points[-1][1],
                min(end, points[-1][1] + canvas.between(0.1, 0.3)),
                size * 0.5,
                strokes,
                splits - 1,
            )
    strokes.append((points, size))
