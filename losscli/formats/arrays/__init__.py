"""Arrays of numbers, and fields over them."""
