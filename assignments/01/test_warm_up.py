"""The check of the warm-up. It needs no torch, so it runs at once."""

from gradlings import exercise


@exercise("1.0", "next_number", points=0, minutes=1)
class TestWarmUp:
    def test_counts_on(self, student):
        """The number after 41 and after -1"""
        for n in (41, -1):
            got = student.next_number(n)
            assert got == n + 1, f"next_number({n}) gave {got}, expected {n + 1}"
