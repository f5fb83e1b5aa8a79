"""``iccs site``: static pages of a release, and a local server for them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.cli.arguments import add_command, add_group, port_number
from pipelines.cli.printing import print_json, print_line

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.site.build import BuiltSite


def add_parser(commands: Commands) -> None:
    """Add the commands."""
    group = add_group(commands, "site", "build and show static pages of a release")
    build = add_command(group, "build", "write the pages of a release; the old ones stay until the new are complete")
    build.add_argument("--release", metavar="NAME", help="a kept release (default: the published one)")
    build.add_argument("-o", "--output", metavar="DIR", default="site", help="folder of the site (default: site)")
    build.add_argument(
        "--with-query",
        metavar="DIR",
        help="add a page that runs SQL in the browser; DIR contains the packages of its engine, fetched with npm pack "
        "@duckdb/duckdb-wasm@1.32.0 apache-arrow@17.0.0",
    )
    build.set_defaults(command=build_command)
    serve = add_command(group, "serve", "show a site on this machine (127.0.0.1)", data=False, json=False)
    serve.add_argument("-o", "--output", metavar="DIR", default="site", help="folder of the site (default: site)")
    serve.add_argument("--port", type=port_number, default=8000, help="port (default: 8000)")
    serve.set_defaults(command=serve_command)


def build_command(options: argparse.Namespace) -> int:
    """Build a site and print what it holds."""
    from pipelines.reader.release import reading_settings
    from pipelines.reader.site.build import build_site
    from pipelines.system.errors import EXIT_DONE

    engine = Path(options.with_query) if options.with_query else None
    built = build_site(reading_settings(options.data), Path(options.output), options.release, engine)
    if options.json:
        print_json(vars(built))
    else:
        print_site(built)
    return EXIT_DONE


def print_site(built: BuiltSite) -> None:
    """Print what a site holds."""
    print_line(
        f"site of release {built.release}: {built.pages:,} pages, {built.size / 1e6:,.1f} MB, largest page "
        f"{built.largest / 1e3:,.0f} kB, {built.seconds:,.1f} s: {built.folder}"
    )
    if built.withheld:
        print_line(
            "left out, because their licence or policy (licence, sharing in source.yml) does not allow it, or because "
            f"counts of incidents are not protected: {', '.join(built.withheld)}"
        )


def serve_command(options: argparse.Namespace) -> int:
    """Serve a site until Ctrl-C."""
    from pipelines.reader.site.serve import site_server
    from pipelines.system.errors import EXIT_DONE

    with site_server(Path(options.output), options.port) as server:
        print_line(f"http://127.0.0.1:{server.server_address[1]}/ (stop: Ctrl-C)")
        server.serve_forever()
    return EXIT_DONE
