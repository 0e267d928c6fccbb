"""The check of the warm-up; it needs no torch."""

from gradlings import exercise


@exercise("9.0", "next_number", points=0, minutes=1)
class TestWarmUp:
    def test_counts_on(self, student):
        """The number after 41"""
        got = student.next_number(41)
        assert got == 42, f"next_number(41) gave {got}, expected 42"
