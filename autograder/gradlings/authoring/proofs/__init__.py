"""What `gradlings verify` proves of an exercise's neighbors: that no mistake and no free choice reaches beyond it."""
