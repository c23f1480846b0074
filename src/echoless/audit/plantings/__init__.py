"""Where canaries are planted: one module for each product. Data only; `sending` sends it."""
