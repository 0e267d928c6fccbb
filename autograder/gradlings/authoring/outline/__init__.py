"""What a teacher plans with: every exercise with its objective and place, and quiz questions."""
