"""Results files: what was measured on one machine with one number of threads, a row per case."""

import json

# Raised when the meaning of a field changes: older files are refused, not misread.
FORMAT = 2


class Record:
    """The results file at `path`, which is read if it exists and written after each case.

    Raises ValueError if the file is of another machine, number of threads or format.
    """

    def __init__(self, path, machine, threads, limits):
        self.path = path
        self.data = {"format": FORMAT, "machine": machine, "threads": threads, "limits": limits, "results": []}
        if path.exists():
            old = load(path)
            for what, before, now in [("processors", old["machine"]["processor"], machine["processor"]),
                                      ("threads", old["threads"], threads)]:
                if before != now:
                    raise ValueError(f"{path} has other {what}: expected {now}, but got {before}")
            self.data["results"] = old["results"]

    def __contains__(self, name):
        return any(result["name"] == name for result in self.data["results"])

    def add(self, result):
        """Adds a case, in the place of an older one of the same name."""
        rows = self.data["results"]
        places = [i for i, row in enumerate(rows) if row["name"] == result["name"]]
        if places:
            rows[places[0]] = result
        else:
            rows.append(result)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(self.data, indent=1) + "\n")
        partial.rename(self.path)


def load(path):
    """The contents of a results file; ValueError if it is none that can be read here."""
    try:
        data = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not a results file: {error}") from None
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise ValueError(f"{path} expects format {FORMAT}, but got {found}")
    return data
