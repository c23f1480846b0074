"""What is signed about a request, and how anybody checks it."""
