"""What looks copied in a class: pairs of submissions that are more alike than chance makes them."""
