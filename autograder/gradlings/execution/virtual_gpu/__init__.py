"""GPU readiness without a GPU: data stays on the CPU, tensors report cuda:0, and operations on both are refused."""
