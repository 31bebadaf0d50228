"""Measure one web process: kept pages and lists beside a bare view of the same bytes, by wrk.

    make bench-serving ARGS="--photos 100000"

One gunicorn worker with threads has a core for itself; wrk, Postgres and Redis share the others.
The bare view belongs to a Django without any middleware, in a worker of its own on the same core.
"""

from bench import servers


def main() -> None:
    parser = servers.options(__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="Of each run of wrk.")
    chosen = parser.parse_args()
    servers.start(chosen)
    from bench import serving_measures  # needs the settings

    serving_measures.run(chosen.photos, chosen.seconds)


if __name__ == "__main__":
    main()
