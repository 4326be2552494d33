"""What came of a rung, and how it is told."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Result:
    """One rung climbed, or not.

    `offered` and `achieved` are requests a second (offered is None where the load waits for answers), `latencies` are
    milliseconds by quantile and kind, `cpu` is microseconds of user and system time of the server's processes for each
    request. `server`, `load` and `others` (all else on the machine) are how many cores' worth of time each of them took
    meanwhile, `memory` is the largest resident memory in MiB. `unmet` tells what did not hold; the rung holds when that
    is empty.
    """

    name: str
    title: str
    offered: float | None
    achieved: float
    latencies: Mapping[str, Mapping[str, float]]
    cpu: float
    server: float
    load: float
    others: float
    memory: float
    checked: str
    unmet: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether everything was as it has to be."""
        return not self.unmet

    def text(self) -> str:
        """Several lines for a reader."""
        offered = "as fast as it is answered" if self.offered is None else f"{self.offered:,.0f}/s offered"
        lines = [
            f"{self.name}: {self.title}",
            f"  {offered}, {self.achieved:,.0f}/s achieved; {self.cpu:.1f} us of server CPU a request",
            f"  cores: server {self.server:.2f}, load {self.load:.2f}, others {self.others:.2f}; {self.memory:.0f} MiB",
        ]
        for kind, quantiles in self.latencies.items():
            figures = "  ".join(f"{name} {value:8.2f}" for name, value in quantiles.items() if name != "count")
            count = f"  ({quantiles['count']:,.0f})" if "count" in quantiles else ""
            lines.append(f"  {kind:10} ms  {figures}{count}")
        lines += [f"  {note}" for note in self.notes]
        lines.append(f"  checked: {self.checked}")
        lines.append("  HOLDS" if self.holds else "  DOES NOT HOLD: " + "; ".join(self.unmet))
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """The result as a JSON object."""
        return asdict(self) | {"holds": self.holds}
