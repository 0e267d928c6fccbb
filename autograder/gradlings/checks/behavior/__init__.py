"""What a value alone does not show: whether gradients flow back, and whether random draws are as they should be."""
