"""Measure the pages of a synthetic gallery: milliseconds of the server, without the network.

    make bench-pages ARGS="--photos 100000"

Requests go through the WSGI application in this process, which shares one core with Postgres and
Redis; found lists are forgotten before each. Beside each page stands a bare view that answers the
same bytes through the same middleware.
"""

from bench import servers


def main() -> None:
    chosen = servers.options(__doc__).parse_args()
    servers.start(chosen)
    from bench import page_measures  # needs the settings

    page_measures.run(chosen.photos)


if __name__ == "__main__":
    main()
