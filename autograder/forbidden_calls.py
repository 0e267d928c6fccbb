# PLACEHOLDER by the lead: overwrite
class CallRecorder:
    def __init__(self, rules, files):
        self.breaches = ()

    def __enter__(self):
        return self

    def __exit__(self, *a):
        return None


def merged(a, b):
    return (*a, *b)
