"""Flatbuffers, read table by table, and changed in place."""
import flatbuffers


class Table:
    """A table of a file: fields by their number."""

    def __init__(self, content, position):
        self.table = flatbuffers.table.Table(content, position)

    @staticmethod
    def root(content):
        return Table(content, int.from_bytes(content[:4], "little"))

    def offset(self, field):
        return self.table.Offset(4 + 2 * field)

    def place(self, field):
        """Where the number in a field stands; the file must have it."""
        offset = self.offset(field)
        if not offset:
            raise KeyError(field)
        return self.table.Pos + offset

    def element(self, field, index):
        """Where an int of a list stands."""
        return self.table.Vector(self.offset(field)) + 4 * index

    def length(self, field):
        """Where the length of a list stands."""
        return self.table.Vector(self.offset(field)) - 4

    def tables(self, field):
        offset = self.offset(field)
        if not offset:
            return []
        start = self.table.Vector(offset)
        return [Table(self.table.Bytes, self.table.Indirect(start + 4 * index))
                for index in range(self.table.VectorLen(offset))]

    def integers(self, field):
        offset = self.offset(field)
        if not offset:
            return []
        start, count = self.table.Vector(offset), self.table.VectorLen(offset)
        content = self.table.Bytes
        return [int.from_bytes(content[start + 4 * index:start + 4 * index + 4], "little", signed=True)
                for index in range(count)]

    def byte(self, field):
        offset = self.offset(field)
        return self.table.Bytes[self.table.Pos + offset] if offset else 0


def put(content, place, number, width=4):
    """The content with another number at a place."""
    return content[:place] + (number % (1 << 8 * width)).to_bytes(width, "little") + content[place + width:]
