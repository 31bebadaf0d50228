"""Measure the search on a synthetic gallery, beside peers, on one core; print a report.

    make bench ARGS="--photos 100000"

Everything runs in servers and a database of its own, in a temporary folder. Gallery and indexes
are made on all cores; then servers, peers and this process share one.
"""

from bench import servers


def main() -> None:
    parser = servers.options(__doc__)
    parser.add_argument("--without-peers", action="store_true")
    chosen = parser.parse_args()
    servers.start(chosen)
    from bench import measures  # needs the settings

    measures.run(chosen.photos, with_peers=not chosen.without_peers)


if __name__ == "__main__":
    main()
