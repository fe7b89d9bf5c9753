"""The least a Textual application with a table costs: 500 rows that never change."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import DataTable


class Bare(App[None]):
    """A DataTable and nothing else."""

    def compose(self) -> ComposeResult:
        """The table."""
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        """Ten columns of 500 rows."""
        table = self.query_one(DataTable)
        table.add_columns(*(f"column {number}" for number in range(10)))
        table.add_rows(
            [f"row {row}", *(str(row * number) for number in range(1, 10))] for row in range(500)
        )
        table.focus()


if __name__ == "__main__":
    Bare().run()
