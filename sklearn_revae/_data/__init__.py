"""What X and y are: reading, kinds of columns, scaling, labels."""
