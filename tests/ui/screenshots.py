"""Makes the README's pictures from the program: `python -m tests.ui.screenshots`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.ui.stage import stage

PICTURES = (
    ("overview", (80, 24), ("1",)),
    ("domains", (132, 30), ("2", "down", "down", "down", "down", "enter")),
    ("network", (80, 24), ("4",)),
    ("irqs", (80, 24), ("5", *["pagedown"] * 2)),
    ("cpus", (80, 24), ("6",)),
)
"""Name, size and the keys that lead there."""

FOLDER = Path(__file__).parents[2] / "docs" / "images"


async def take() -> None:
    """Write every picture, after a quarter of a minute of simulated time."""
    FOLDER.mkdir(exist_ok=True)
    for name, size, keys in PICTURES:
        async with stage(size, ticks=0) as scene:
            await scene.press(*keys)
            for _ in range(14):
                await scene.tick()
            (FOLDER / f"{name}.svg").write_text(
                scene.app.export_screenshot(title=f"vtui --demo, {name}")
            )


if __name__ == "__main__":
    asyncio.run(take())
