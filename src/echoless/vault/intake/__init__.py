"""Takes records from the volatile plane and decides again."""
