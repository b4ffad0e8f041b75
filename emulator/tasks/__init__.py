"""Tasks as all three products keep them: state, motion, and the rules of the operations on them."""
