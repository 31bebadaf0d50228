"""Replay visits while photos come: how many lists are computed, and when photos are seen.

    .venv/bin/python -m bench.replay

`manage.py demo` serves the demo's drawn scenes from a folder of its own. Visitors search, look at
some of what they find, page on and go home, each a session of its own, by chance; common searches
are asked more often than others (Zipf). Meanwhile photos are imported at a steady pace.
"""

import argparse

from bench import servers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=60, help="There before it begins.")
    parser.add_argument("--per-minute", type=int, default=60, help="Photos that come.")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--sessions", type=float, default=2.0, help="That begin a second.")
    options = parser.parse_args()
    folder = servers.begin(EMBEDDING_PROFILE="demo")
    from bench import replay_measures  # needs the settings

    replay_measures.run(
        folder,
        options.photos,
        per_minute=options.per_minute,
        minutes=options.minutes,
        sessions=options.sessions,
    )


if __name__ == "__main__":
    main()
