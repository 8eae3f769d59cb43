"""Where things stand in the checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE_DIR = ROOT / "firmware"
BOARDS_DIR = ROOT / "boards" / "esp32"
EXAMPLE_UNIT = BOARDS_DIR / "units" / "qiaotou.toml"
