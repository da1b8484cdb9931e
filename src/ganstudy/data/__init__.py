"""Getting data sets, reading them safely, bringing them to one size, splitting them."""
