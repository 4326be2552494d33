"""The rows by name, in the order of the report."""

from tests.performance.rows import get, idle, large, propfind, put
from tests.performance.rows.row import Row

ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        get.PLAIN,
        get.TLS,
        get.THOUSAND,
        idle.PLAIN,
        idle.TLS,
        put.PUT,
        propfind.REPEATED,
        propfind.CHANGED,
        large.PLAIN,
        large.TLS,
        large.BEYOND_4_GIB,
    )
}
