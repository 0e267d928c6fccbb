"""Watch mode: the next exercise, checked on every save.

Three kinds of processes take part. The command draws the screen, reads keys and notices saves; it never imports torch.
The check server has imported torch and collected the checks. Each check runs in a child of the check server, which is
the only process that runs the student's code.
"""
