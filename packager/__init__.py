"""Makes what is deployed: the code package, its rights, and checks of the files that deploy it."""
