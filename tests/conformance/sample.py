"""A folder of 500 files with the names and sizes that clients trip over."""

import random
from pathlib import Path

COUNT = 500
LARGE = 50 * 1024 * 1024
NAMES = (
    "plain.txt",
    "with space.txt",
    " leading space.txt",
    "two  spaces.txt",
    "percent %41%.txt",
    "plus+plus.txt",
    "hash #1.txt",
    "question?mark.txt",
    "ampersand & co.txt",
    "semi;colon.txt",
    "comma, and = equals.txt",
    "at@sign.txt",
    "colon:colon.txt",
    "quotes 'single' \"double\".txt",
    "angle <b> brackets.txt",
    "square [1] {2} brackets.txt",
    "tilde~caret^.txt",
    "dollar $HOME `x`.txt",
    "pipe|pipe.txt",
    "star*.txt",
    "Grüße aus Köln.txt",
    "naïve café.txt",
    "日本語のファイル.txt",
    "Ελληνικά.txt",
    "עברית.txt",
    "emoji 😀🚀.txt",
    ".hidden",
    "._appledouble",
    "no extension",
    "many.dots.in.name.tar.gz",
    "x" * 200 + ".txt",
)


def write_sample(folder: Path, large: int = LARGE, count: int = COUNT) -> int:
    """Fill `folder`: the odd names at the top, empty and small files in plain, odd and deep folders, one large file.

    `large` is the size of the large file, `count` the least number of files; 113 are there at any rate. The contents
    are the same on every call. Returns the number of files.
    """
    octets = random.Random(4918)
    written = 0

    def write(path: Path, size: int) -> None:
        nonlocal written
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(octets.randbytes(size))
        written += 1

    for name in NAMES:
        write(folder / name, octets.randrange(1, 5000))
    write(folder / "large.bin", large)
    write(folder / "/".join(f"level {depth}" for depth in range(20)) / "deep.txt", 100)
    for name in ("Ordner mit Ümlaut", "100% + #?", "日本"):
        for number in range(20):
            write(folder / name / f"{number}.txt", octets.randrange(0, 2000))
    for number in range(20):
        write(folder / "empty" / f"{number}", 0)
    while written < count:
        write(folder / f"folder {written % 7}" / f"file {written}.dat", octets.randrange(0, 20000))
    return written


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder` as {relative path: content}."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
