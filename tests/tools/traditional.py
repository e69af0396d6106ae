#!/usr/bin/env python3
"""Writes src/lexicon/traditional.tsv: which character stands for which when texts are folded.

usage: traditional.py TSCharacters.txt tra2sim_char.txt > src/lexicon/traditional.tsv

TSCharacters.txt is OpenCC's table of traditional characters (Apache-2.0), tra2sim_char.txt the one of jionlp (Apache-2.0), which adds
variants. Radicals come from Unicode's property Equivalent_Unified_Ideograph, which perl knows. Only which character is which is taken over.
"""
import subprocess
import sys

# Where a simplified text uses the character too, and with a meaning of its own: these stay.
STAY = set("薹吒幺著垵潟郃湣篹琯叡凃郤夘戼艸氹嶴阪杴濬")
# Where the tables keep a character that texts about products mean as another, or lead to one that few write.
OURS = {
    "藷": "薯", "椀": "碗", "餧": "喂", "鞾": "靴", "礮": "炮", "鑪": "炉", "鰌": "鳅", "讅": "审", "邨": "村",
    "甦": "苏", "衹": "只", "鍊": "炼", "瞭": "了", "藉": "借", "著": "着", "祇": "只", "綵": "彩", "諮": "咨",
}  # fmt: skip
RADICALS = range(0x2E80, 0x2EF4)

HEAD = """\
# Which character a character is folded to: traditional and variant characters to simplified ones, radicals to the characters they are.
# Made by tests/tools/traditional.py; do not edit. Where neighbours decide (乾隆, 著名), see src/lexicon/script.rs.
# Facts from: OpenCC TSCharacters.txt (Apache-2.0), jionlp tra2sim_char.txt (Apache-2.0), Unicode EquivalentUnifiedIdeograph.txt.
"""


def rows(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                source, *targets = line.split()
                yield source, targets


def is_simplified(character):
    """Whether the character set of simplified texts holds it."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def radicals():
    script = 'use Unicode::UCD "charprop"; binmode STDOUT, ":utf8"; for (@ARGV) { print chr, "\\t", charprop($_, "EqUIdeo"), "\\n" }'
    said = subprocess.run(["perl", "-e", script, *map(str, RADICALS)], capture_output=True, check=True)
    for line in said.stdout.decode().splitlines():
        source, _, target = line.partition("\t")
        if len(target) == 1 and target != source:
            yield source, target


def main(opencc, jionlp):
    table = {source: targets[0] for source, targets in rows(opencc)}
    for source, targets in rows(jionlp):
        if not is_simplified(source):
            table.setdefault(source, targets[0])
    table = {source: target for source, target in table.items() if source != target and source not in STAY} | OURS
    for source, target in radicals():
        table[source] = table.get(target, target)
    # A variant may lead to a character that is led on itself.
    table = {source: table.get(target, target) for source, target in table.items()}
    sys.stdout.write(HEAD)
    for source in sorted(table):
        sys.stdout.write(f"{source}\t{table[source]}\n")


main(*sys.argv[1:])
