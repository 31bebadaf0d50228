"""Paint soft light in numpy: skies, noise, ridges, water, glow and film grain.

Positions are fractions of the width (x) and height (y), from the top left; lengths named
`size` or `radius` are fractions of the shorter side. Colours are RGB 0..255. The same seed
gives the same composition at every size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Colour = Sequence[float]
Point = tuple[float, float]
NOISE_SIDE = 900  # px; noise is computed at most this wide, then enlarged
SUPERSAMPLING = 2
BAND_ROWS = 32


def rgb(colour: Colour) -> np.ndarray:
    """Return the colour as (3,) float32 in 0..1."""
    return np.asarray(colour, np.float32) / 255


def mix(first: Colour, second: Colour, share: float) -> tuple[float, ...]:
    """Blend two colours; share 0 is the first, 1 the second."""
    return tuple(a + (b - a) * share for a, b in zip(first, second, strict=True))


def smooth_step(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Rise smoothly from 0 at low to 1 at high."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)


def resize_field(
    field: np.ndarray, width: int, height: int, method: Image.Resampling = Image.Resampling.BILINEAR
) -> np.ndarray:
    """Resample a (h, w) float32 field."""
    if field.shape == (height, width):
        return field
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.resize((width, height), method))


def bands(height: int) -> list[slice]:
    """Cut rows into bands that fit a processor's cache; several times faster than whole."""
    return [slice(top, top + BAND_ROWS) for top in range(0, height, BAND_ROWS)]


class Canvas:
    """A picture in the making: `pixels` is (height, width, 3) float32, nominally 0..1."""

    def __init__(
        self, width: int, height: int, rng: np.random.Generator, variant: int | None = None
    ) -> None:
        self.width, self.height, self.rng, self.variant = width, height, rng, variant
        self.side = min(width, height)
        self.x = ((np.arange(width, dtype=np.float32) + 0.5) / width)[None, :]
        self.y = ((np.arange(height, dtype=np.float32) + 0.5) / height)[:, None]
        self.x_size = self.side / width  # one shorter side, as a fraction of the width
        self.y_size = self.side / height
        self.pixels = np.zeros((height, width, 3), np.float32)

    def row(self, y: float) -> int:
        """Return the pixel row at the height y."""
        return round(y * self.height)

    # chance

    def between(self, low: float, high: float) -> float:
        """Draw a uniform number."""
        return float(self.rng.uniform(low, high))

    def one_of(self, choices: Sequence):
        """Draw one of the choices."""
        return choices[int(self.rng.integers(len(choices)))]

    def palette(self, choices: Sequence):
        """Return the palette of the wanted variant, or any."""
        any_one = int(self.rng.integers(len(choices)))
        return choices[any_one if self.variant is None else self.variant % len(choices)]

    def near(self, colour: Colour, spread: float = 10) -> tuple[float, ...]:
        """Vary a colour a little."""
        return tuple(float(np.clip(c + self.rng.uniform(-spread, spread), 0, 255)) for c in colour)

    # fields

    def noise(
        self,
        cells_x: float,
        cells_y: float,
        octaves: int = 5,
        gain: float = 0.5,
        ridged: bool = False,
    ) -> np.ndarray:
        """Return fractal noise (height, width) in about 0..1, mean near 0.5.

        cells_x and cells_y count the coarsest cells across the picture; ridged folds every
        octave into creases, as in rock.
        """
        scale = min(1.0, NOISE_SIDE / max(self.width, self.height))
        width, height = max(2, int(self.width * scale)), max(2, int(self.height * scale))
        total, weight, norm = np.zeros((height, width), np.float32), 1.0, 0.0
        for octave in range(octaves):
            columns = int(cells_x * 2**octave) + 2
            rows = int(cells_y * 2**octave) + 2
            grid = self.rng.random((min(rows, 512), min(columns, 512)), np.float32)
            if columns > 2 * width or rows > 2 * height:
                layer = np.full((height, width), 0.5, np.float32)
            else:
                layer = resize_field(grid, width, height, Image.Resampling.BICUBIC)
            if ridged:
                layer = 1 - np.abs(2 * layer - 1)
            total += weight * layer
            norm += weight
            weight *= gain
        return resize_field(total / norm, self.width, self.height)

    def line(
        self,
        base: float,
        height: float,
        cells: float,
        octaves: int = 6,
        gain: float = 0.5,
        sharp: bool = False,
    ) -> np.ndarray:
        """Return a skyline: y of every column, (width,), base - height .. base + height."""
        total, norm, weight = np.zeros(self.width), 0.0, 1.0
        for octave in range(octaves):
            count = int(np.ceil(cells * 2**octave)) + 3
            knots = self.rng.uniform(-1, 1, count)
            at = self.x[0] * cells * 2**octave + float(self.rng.random())
            if sharp:
                values = np.interp(at, np.arange(count), knots)
            else:
                left = np.clip(at.astype(int), 0, count - 2)
                share = at - left
                share = share * share * (3 - 2 * share)
                values = knots[left] * (1 - share) + knots[left + 1] * share
            total += weight * values
            norm += weight
            weight *= gain
        return (base + height * total / norm * 1.6).astype(np.float32)

    def rectangle_slices(
        self, left: float, top: float, right: float, bottom: float, margin: int = 2
    ) -> tuple[slice, slice]:
        """Return the row and column slices that hold a rectangle given in fractions."""
        x0, x1 = int(left * self.width) - margin, int(right * self.width) + margin + 1
        y0, y1 = int(top * self.height) - margin, int(bottom * self.height) + margin + 1
        x0, x1 = np.clip([x0, x1], 0, self.width)
        y0, y1 = np.clip([y0, y1], 0, self.height)
        return slice(int(y0), int(y1)), slice(int(x0), int(x1))

    # painting

    def gradient(
        self, stops: Sequence[tuple[float, Colour]], top: float = 0.0, bottom: float = 1.0
    ) -> None:
        """Fill the rows top..bottom by a vertical gradient; stops are relative to them."""
        rows = slice(round(top * self.height), round(bottom * self.height))
        at = (self.y[rows, 0] - top) / max(bottom - top, 1e-6)
        places = [place for place, _ in stops]
        colours = np.array([colour for _, colour in stops], np.float32) / 255
        column = np.stack([np.interp(at, places, colours[:, i]) for i in range(3)], axis=1)
        self.pixels[rows] = column[:, None, :].astype(np.float32)

    def blend(
        self,
        mask: np.ndarray,
        colour: Colour | np.ndarray,
        where: tuple[slice, slice] | None = None,
    ) -> None:
        """Cover by a colour (or an RGB field in 0..1) where the mask is 1."""
        where = where or (slice(None), slice(None))
        paint = colour if isinstance(colour, np.ndarray) else rgb(colour)
        view = self.pixels[where]
        for rows in bands(len(view)):
            part = view[rows]
            colours = paint[rows] if paint.ndim == 3 and len(paint) > 1 else paint
            part += (colours - part) * mask[rows, :, None]

    def lighten(
        self, mask: np.ndarray, colour: Colour, where: tuple[slice, slice] | None = None
    ) -> None:
        """Add light (screen): bright places saturate softly."""
        where = where or (slice(None), slice(None))
        view, paint = self.pixels[where], rgb(colour)
        for rows in bands(len(view)):
            part = view[rows]
            level = np.clip(mask[rows], 0, 1)[..., None]
            part += (1 - np.clip(part, 0, 1)) * (level * paint)

    def darken(self, mask: np.ndarray | float) -> None:
        """Multiply the picture by a field or a number."""
        if np.isscalar(mask):
            self.pixels *= mask
            return
        for rows in bands(self.height):
            self.pixels[rows] *= mask[rows, :, None]

    def glow(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Colour,
        strength: float = 1.0,
        stretch: float = 1.0,
    ) -> None:
        """Add a round halo; stretch over 1 makes it wider than high."""
        reach = 2.6 * radius
        where = self.rectangle_slices(
            x - reach * self.x_size * stretch,
            y - reach * self.y_size,
            x + reach * self.x_size * stretch,
            y + reach * self.y_size,
        )
        dx = (self.x[:, where[1]] - x) / (self.x_size * radius * stretch)
        dy = (self.y[where[0]] - y) / (self.y_size * radius)
        level = np.exp(-(dx * dx + dy * dy))
        self.lighten(strength * level, colour, where)

    def disc(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Colour,
        soft: float = 0.02,
        opacity: float = 1.0,
    ) -> None:
        """Paint a disc; soft is the width of its edge as a share of the radius."""
        reach = radius * (1 + soft)
        where = self.rectangle_slices(
            x - reach * self.x_size,
            y - reach * self.y_size,
            x + reach * self.x_size,
            y + reach * self.y_size,
        )
        dx = (self.x[:, where[1]] - x) / self.x_size
        dy = (self.y[where[0]] - y) / self.y_size
        distance = np.sqrt(dx * dx + dy * dy) / radius
        edge = max(soft, 1.0 / (radius * self.side))
        self.blend(opacity * np.clip((1 - distance) / edge + 0.5, 0, 1), colour, where)

    def below(
        self,
        line: np.ndarray,
        colour: Colour,
        foot: Colour | None = None,
        depth: float = 0.3,
        opacity: float = 1.0,
    ) -> None:
        """Fill everything under a skyline; foot is the colour reached `depth` further down."""
        first = max(0, int((float(line.min())) * self.height) - 2)
        where = (slice(first, self.height), slice(None))
        drop = self.y[where[0]] - line[None, :]
        mask = opacity * np.clip(drop * self.height + 0.5, 0, 1)
        if foot is None:
            self.blend(mask, colour, where)
        else:
            share = np.clip(drop / depth, 0, 1)[..., None]
            self.blend(mask, rgb(colour) * (1 - share) + rgb(foot) * share, where)

    def mask_of(
        self, polygons: Sequence[Sequence[Point]], strokes: Sequence[tuple] = (), blur: float = 0.0
    ) -> tuple[np.ndarray, tuple[slice, slice]]:
        """Draw polygons and strokes ((points, size)) smoothly; return (mask, where)."""
        groups = [list(polygon) for polygon in polygons] + [list(stroke[0]) for stroke in strokes]
        points = np.array([point for group in groups for point in group])
        widest = max([stroke[1] for stroke in strokes], default=0.0)
        grow_x = (widest + 3 * blur) * self.x_size
        grow_y = (widest + 3 * blur) * self.y_size
        where = self.rectangle_slices(
            points[:, 0].min() - grow_x,
            points[:, 1].min() - grow_y,
            points[:, 0].max() + grow_x,
            points[:, 1].max() + grow_y,
        )
        rows, columns = where
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if height <= 0 or width <= 0:
            return np.zeros((max(height, 0), max(width, 0)), np.float32), where
        image = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
        draw = ImageDraw.Draw(image)

        def place(group: Sequence[Point]) -> list[Point]:
            return [
                (
                    (x * self.width - columns.start) * SUPERSAMPLING,
                    (y * self.height - rows.start) * SUPERSAMPLING,
                )
                for x, y in group
            ]

        for polygon in polygons:
            draw.polygon(place(polygon), fill=255)
        for stroke_points, size in strokes:
            pixels = size * self.side * SUPERSAMPLING
            draw.line(
                place(stroke_points),
                fill=int(255 * min(1.0, max(pixels, 0.25))),
                width=max(1, round(pixels)),
                joint="curve" if pixels > 4 else None,
            )
        image = image.reduce(SUPERSAMPLING)
        if blur:
            image = image.filter(ImageFilter.GaussianBlur(blur * self.side))
        return np.asarray(image, np.float32) / 255, where

    def polygons(
        self,
        polygons: Sequence[Sequence[Point]],
        colour: Colour | np.ndarray,
        opacity: float = 1.0,
        blur: float = 0.0,
    ) -> None:
        """Fill polygons given in fractions."""
        if polygons:
            mask, where = self.mask_of(polygons, blur=blur)
            if isinstance(colour, np.ndarray) and colour.ndim == 3:
                colour = colour[where]
            self.blend(opacity * mask, colour, where)

    def strokes(
        self,
        strokes: Sequence[tuple[Sequence[Point], float]],
        colour: Colour,
        opacity: float = 1.0,
        blur: float = 0.0,
        light: bool = False,
    ) -> None:
        """Draw lines ((points, size)); light adds instead of covering."""
        if strokes:
            mask, where = self.mask_of([], strokes, blur=blur)
            (self.lighten if light else self.blend)(opacity * mask, colour, where)

    def dabs(
        self,
        xs: np.ndarray,
        ys: np.ndarray,
        sizes: np.ndarray,
        colours: np.ndarray,
        flat: float = 1.0,
    ) -> None:
        """Paint many small ellipses, later ones on top.

        xs, ys: fractions; sizes: radii; colours: (n, 3) 0..255; flat: height / width.
        """
        image = self.to_image()
        draw = ImageDraw.Draw(image)
        shades = np.clip(colours, 0, 255).astype(int)
        for x, y, size, shade in zip(
            xs * self.width, ys * self.height, sizes * self.side, shades, strict=True
        ):
            draw.ellipse((x - size, y - size * flat, x + size, y + size * flat), fill=tuple(shade))
        self.pixels = np.asarray(image, np.float32) / 255

    def lights(
        self,
        xs: np.ndarray,
        ys: np.ndarray,
        levels: np.ndarray,
        colours: np.ndarray,
        size: float = 0.0016,
        halo: float = 0.0,
    ) -> None:
        """Add points of light, such as stars, keeping their energy at every picture size."""
        columns = np.clip((xs * self.width).astype(int), 0, self.width - 1)
        rows = np.clip((ys * self.height).astype(int), 0, self.height - 1)
        layer = np.zeros_like(self.pixels)
        pixels = size * self.side
        np.add.at(layer, (rows, columns), levels[:, None] * colours / 255 * max(pixels, 0.3) ** 2)
        spread = max(pixels * 0.6, 0.35)
        self.pixels += blurred(layer, spread) * 2.2
        if halo:
            self.pixels += blurred(layer, halo * self.side, shrink=4) * 1.6

    # weather, water, sky

    def clouds(
        self,
        light: Colour,
        shade: Colour,
        cover: float,
        horizon: float,
        opacity: float = 0.9,
        stretch: float = 3.0,
        softness: float = 0.3,
    ) -> None:
        """Lay clouds over the sky, flatter towards the horizon; cover 0..1."""
        field = self.noise(stretch * 0.9, stretch * 2.2, octaves=7, gain=0.55)
        relief = np.roll(field, max(1, int(0.012 * self.height)), axis=0) - field
        distance = np.clip(self.y / horizon, 0, 1)
        density = smooth_step(field, 0.66 - 0.32 * cover, 0.66 - 0.32 * cover + softness)
        density = density * opacity * np.clip((1 - distance) * 6, 0, 1)
        share = np.clip(0.55 + relief * 7, 0, 1)[..., None]
        self.blend(density, rgb(shade) * (1 - share) + rgb(light) * share)

    def stars(self, count: int, bottom: float = 1.0, level: float = 1.0) -> None:
        """Scatter stars of many brightnesses and a few hues."""
        xs, ys = self.rng.random(count), self.rng.random(count) * bottom
        levels = level * (0.12 + 1.6 * self.rng.random(count) ** 9 + 0.3 * self.rng.random(count))
        hues = np.array([(255, 255, 255), (190, 210, 255), (255, 226, 190)], np.float32)
        self.lights(xs, ys, levels, hues[self.rng.integers(0, 3, count)])
        big = max(3, count // 120)
        self.lights(
            self.rng.random(big),
            self.rng.random(big) * bottom,
            np.full(big, 1.5 * level),
            hues[self.rng.integers(0, 3, big)],
            size=0.003,
            halo=0.004,
        )

    def ripples(self, horizon: float, fineness: float = 1.0) -> np.ndarray:
        """Return the height of waves in perspective, (rows under the horizon, width), -1..1."""
        first = self.row(horizon)
        side = 256
        grid = self.rng.random((side, side), np.float32) * 2 - 1
        spectrum = np.fft.rfft2(grid)
        fy = np.abs(np.fft.fftfreq(side))[:, None] * side
        fx = np.fft.rfftfreq(side)[None, :] * side
        reach = np.sqrt((fx * 1.8) ** 2 + fy**2)
        texture = np.fft.irfft2(spectrum * np.exp(-(((reach - 22) / 20) ** 2)), s=(side, side))
        texture = (texture / (texture.std() * 2.2)).astype(np.float32)
        texture = np.concatenate([texture, texture[:, :1]], axis=1)
        depth = (self.y[first:, 0] - horizon) / (1 - horizon)
        z = 1 / (depth + 0.045)
        rows = np.empty((len(depth), self.width), np.float32)
        across = (self.x[0] - 0.5) / self.x_size
        knots = np.arange(side + 1)
        v = (z * 26 * fineness) % side
        for i in range(len(depth)):
            top = int(v[i])
            share = v[i] - top
            source = texture[top] * (1 - share) + texture[(top + 1) % side] * share
            rows[i] = np.interp((across * z[i] * 42 * fineness + 400) % side, knots, source)
        return rows

    def water(
        self,
        horizon: float,
        tint: Colour,
        tint_share: float = 0.35,
        roughness: float = 1.0,
        fineness: float = 1.0,
        sparkle: float = 0.12,
        darkness: float = 0.85,
    ) -> None:
        """Mirror what stands above the horizon in moving water.

        roughness: how far waves throw the reflection about; 0.1 is a still lake.
        """
        first = self.row(horizon)
        waves = self.ripples(horizon, fineness)
        depth = (self.y[first:] - horizon) / (1 - horizon)
        throw = waves * roughness * self.height * (0.012 + 0.1 * depth)
        rows = np.arange(first, self.height)[:, None]
        source = first - (rows - first) * (first / max(self.height - first, 1)) ** 0.5 - 1 - throw
        source = np.clip(np.abs(source), 0, first - 1).astype(np.int32)
        columns = np.arange(self.width)[None, :] + (waves * roughness * self.side * 0.006).astype(
            np.int32
        )
        columns = np.clip(columns, 0, self.width - 1)
        mirrored = self.pixels[source, columns]
        share = (tint_share + (1 - tint_share) * 0.35 * depth)[..., None]
        mirrored = mirrored * (1 - share) + rgb(tint) * share
        mirrored *= (darkness + sparkle * waves * (0.4 + depth))[..., None]
        self.pixels[first:] = mirrored
        self.soften_rows(horizon, 0.002)

    def glitter(
        self,
        x: float,
        horizon: float,
        colour: Colour,
        width: float = 0.05,
        strength: float = 1.0,
        waves: np.ndarray | None = None,
    ) -> None:
        """Lay the path of light of a sun, moon or lamp on the water.

        waves: as `ripples` returns; drawn when not given.
        """
        first = self.row(horizon)
        waves = self.ripples(horizon) if waves is None else waves
        depth = (self.y[first:] - horizon) / (1 - horizon)
        spread = width * (0.6 + 3.2 * depth)
        reach = 2.6 * float(spread.max()) * self.x_size
        columns = self.rectangle_slices(x - reach, horizon, x + reach, 1)[1]
        across = np.exp(-(((self.x[:, columns] - x) / (spread * self.x_size)) ** 2))
        flashes = smooth_step(waves[:, columns] + 1.1 * across, 0.55, 1.35)
        where = (slice(first, self.height), columns)
        self.lighten(strength * flashes * across * (1 - 0.45 * depth), colour, where)

    def soften_rows(self, y: float, size: float) -> None:
        """Blur a thin band of rows, as haze does on a far waterline."""
        half = max(1, int(size * self.height))
        middle = round(y * self.height)
        low, high = max(1, middle - half), min(self.height - 1, middle + half)
        band = self.pixels[low - 1 : high + 1]
        self.pixels[low:high] = (band[:-2] + 2 * band[1:-1] + band[2:]) / 4

    def haze(
        self, colour: Colour, y: float, thickness: float, opacity: float = 0.7, patchy: float = 0.6
    ) -> None:
        """Lay a bank of mist around the height y."""
        level = np.exp(-(((self.y - y) / thickness) ** 2))
        drift = 1 - patchy + patchy * 2 * smooth_step(self.noise(1.5, 4, 4), 0.3, 0.75)
        self.blend(np.clip(opacity * level * drift, 0, 1), colour)

    def bloom(self, threshold: float = 0.7, size: float = 0.02, strength: float = 0.5) -> None:
        """Let bright places spill light around them, as a lens does."""
        bright = np.clip(self.pixels - threshold, 0, 1)
        self.pixels += strength * blurred(bright, size * self.side, shrink=4)

    def vignette(self, strength: float = 0.18) -> None:
        """Darken the corners."""
        distance = (self.x - 0.5) ** 2 + (self.y - 0.5) ** 2
        self.darken(1 - strength * 2 * distance)

    def grain(self, strength: float = 0.012) -> None:
        """Add film grain; it also hides the steps of smooth gradients."""
        grain = self.rng.standard_normal((self.height, self.width), np.float32)
        self.pixels += (strength * grain)[..., None]

    def to_image(self) -> Image.Image:
        """Return the picture as 8-bit RGB."""
        bytes_ = np.empty(self.pixels.shape, np.uint8)
        for rows in bands(self.height):
            bytes_[rows] = np.clip(self.pixels[rows], 0, 1) * 255 + 0.5
        return Image.fromarray(bytes_)


def blurred(layer: np.ndarray, pixels: float, shrink: int = 1) -> np.ndarray:
    """Blur an RGB float field; shrink works at a fraction of the size, for wide blurs."""
    height, width = layer.shape[:2]
    shrink = max(1, min(shrink, int(pixels)))
    size = (max(1, width // shrink), max(1, height // shrink))
    out = np.empty_like(layer)
    peak = max(float(layer.max()), 1e-6)
    for channel in range(3):
        image = Image.fromarray((np.clip(layer[..., channel] / peak, 0, 1)).astype(np.float32))
        if shrink > 1:
            image = image.resize(size, Image.Resampling.BOX)
        field = gaussian(np.asarray(image), pixels / shrink)
        out[..., channel] = resize_field(field, width, height) * peak
    return out


def gaussian(field: np.ndarray, sigma: float) -> np.ndarray:
    """Blur a (h, w) field by a separable Gaussian, sigma in pixels."""
    reach = max(1, int(2.5 * sigma + 0.5))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(sigma, 1e-3)) ** 2)
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        padding = [(0, 0), (0, 0)]
        padding[axis] = (reach, reach)
        padded = np.pad(field, padding)
        height, width = field.shape
        field = np.empty_like(field)
        for rows in bands(height):
            stop = min(rows.stop, height)
            total: np.ndarray | float = 0.0
            for i, weight in enumerate(weights):
                part = (
                    padded[rows.start + i : stop + i] if axis == 0 else padded[rows, i : i + width]
                )
                total = total + weight * part
            field[rows] = total
    return field
