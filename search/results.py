"""A whole list of results as layer 2 keeps it: packed, so that a page costs only its own photos."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

ID_BYTES = 16


@dataclass(frozen=True)
class Hit:
    """Why a photo is among the results: its rank in each ranking, from 1, and fused score."""

    photo_id: UUID
    score: float
    ranks: dict[str, int | None]


@dataclass(frozen=True)
class Results:
    """All results of a query, best first.

    ids: ID_BYTES a photo; scores: of each, doubles; rankings: name -> ids in its own order.
    nearest: what is nearest when nothing is close. problems: sentences about filters.
    """

    ids: bytes = b""
    scores: bytes = b""
    rankings: Mapping[str, bytes] = field(default_factory=dict)
    nearest: tuple[UUID, ...] = ()
    problems: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        scored: Sequence[tuple[bytes, float]],
        rankings: Mapping[str, Sequence[bytes]],
        **others,
    ) -> "Results":
        """Pack [(id, score)], best first, and the rankings that they come from.

        Ids are of ID_BYTES each.
        """
        return cls(
            ids=b"".join(photo_id for photo_id, _ in scored),
            scores=array("d", (score for _, score in scored)).tobytes(),
            rankings={name: b"".join(ranking) for name, ranking in rankings.items()},
            **others,
        )

    def __len__(self) -> int:
        return len(self.ids) // ID_BYTES

    def hits(self, start: int, stop: int) -> list[Hit]:
        """Return the results from one place up to another."""
        scores = array("d", self.scores)[start:stop]
        ranks = {
            name: {one: rank for rank, one in enumerate(parts(ranking), start=1)}
            for name, ranking in self.rankings.items()
        }
        return [
            Hit(UUID(bytes=one), score, {name: each.get(one) for name, each in ranks.items()})
            for one, score in zip(
                parts(self.ids[start * ID_BYTES : stop * ID_BYTES]), scores, strict=True
            )
        ]


def parts(packed: bytes) -> list[bytes]:
    """Return packed ids one by one."""
    return [packed[at : at + ID_BYTES] for at in range(0, len(packed), ID_BYTES)]


def id_array(packed: bytes) -> str:
    """Return packed ids as the text of a uuid[]."""
    return "{" + ",".join(one.hex() for one in parts(packed)) + "}"
