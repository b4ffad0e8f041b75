"""The domain: questions, the fan-out over products, folding rows into tasks, and the report. No HTTP, no FC."""
