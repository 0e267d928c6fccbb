"""GPU readiness without a GPU: data stays on the CPU, tensors say they are on cuda:0, and mixing them is refused."""
