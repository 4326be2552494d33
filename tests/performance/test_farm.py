"""Several processes on one port and one data folder.

Verifies: docs/architecture.md, Measuring
"""

from contextlib import ExitStack

from tests.performance.ladder.farm import Farm

CONNECTIONS = 24
TIMES = 8


class TestFarm:
    """Verifies: docs/architecture.md, Measuring"""

    def test_what_one_process_has_written_all_give(self) -> None:
        """The same request on many connections, spread over both processes, asked again after every write."""
        with Farm(2) as farm, ExitStack() as stack:
            assert len(set(farm.pids)) == 2
            clients = [stack.enter_context(farm.client()) for _ in range(CONNECTIONS)]
            for number in range(TIMES):
                writer = clients[number % CONNECTIONS]
                writer.ask("PUT", farm.home + "shared", b"%d" % number, want=(201 if number == 0 else 204,))
                for _ in range(2):
                    bodies = {client.ask("GET", farm.home + "shared", want=(200,)).body for client in clients}
                    assert bodies == {b"%d" % number}
