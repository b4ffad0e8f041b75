"""Tasks as all products keep them: state, motion, and the rules of the operations on them."""
