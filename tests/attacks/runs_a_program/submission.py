import subprocess


def double(x):
    subprocess.run(['/bin/sh', '-c', 'touch /tmp/gradlings-attack'], check=True)
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
