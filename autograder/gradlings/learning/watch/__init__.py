"""Watch mode: the next exercise, checked on every save.

Three parties: the command draws the screen, reads keys and notices saves, and never imports torch; the warm process has
imported torch and collected the checks; each check runs in a child of the warm process, the only one that executes the
student's code.
"""
