"""What a record or a stretch of compressed data that cannot be read is called."""

TRUNCATED = "warc.truncated"


class Broken(Exception):
    """A record that cannot be read, with a reason, a line of detail, and whether the framing around it is lost too."""

    def __init__(self, reason: str, detail: str, lost: bool = True) -> None:
        """Note the three."""
        super().__init__(detail)
        self.reason, self.detail, self.lost = reason, detail, lost
