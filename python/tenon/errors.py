"""What can go wrong, as exceptions."""


class Error(Exception):
    """Base of all errors of this package; the text says what was expected and what was given."""


class CompileError(Error):
    """The compiler refused a model; the text is what it reported, a line each."""


class LibraryError(Error):
    """A native library of Tenon is missing or of another version."""
