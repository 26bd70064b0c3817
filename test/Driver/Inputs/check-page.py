"""Checks a page of `tenon inspect --html`: well-formed, complete without any other file, with the data it draws.

usage: check-page.py PAGE.html SCRIPT.js     writes the page's script to SCRIPT.js
"""

import html.parser
import json
import re
import sys

VOID = {"meta"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.ids, self.scripts = [], set(), []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        assert not {"src", "href", "srcset"} & attributes.keys(), (tag, attributes)
        if "id" in attributes:
            assert attributes["id"] not in self.ids, f"two elements {attributes['id']}"
            self.ids.add(attributes["id"])
        if tag == "script":
            self.scripts.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> at {self.getpos()} closes nothing"

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data


text = open(sys.argv[1], encoding="utf-8").read()
assert text.startswith("<!DOCTYPE html>")
page = Page()
page.feed(text)
page.close()
assert not page.open, f"left open: {page.open}"

assert not re.search(r"url\(\s*['\"]?(?!#)|@import|\bimport\s*\(|\bfetch\s*\(", text), "a resource of its own"
assert set(re.findall(r"https?://[^\s\"'<]+", text)) == {"http://www.w3.org/2000/svg"}, "an address"
assert "{{" not in text, "a mark that nothing replaced"

data, script = page.scripts
roofline = json.loads(data)
assert roofline["kernels"] and roofline["launches"] and roofline["inputs"] == ["x"], roofline
# The script looks for elements that the page has.
wanted = set(re.findall(r"getElementById\(\"([\w-]+)\"\)", script))
assert wanted and wanted <= page.ids, wanted - page.ids
open(sys.argv[2], "w", encoding="utf-8").write(script)
print(roofline["model"], len(roofline["launches"]), "launches")
