"""The modules that run in the zygote and in workers, where student code runs."""
