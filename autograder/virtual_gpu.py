# PLACEHOLDER by the lead: overwrite
def device_finding(function, args, *, student_files=(), returns="tensors"):
    return None
