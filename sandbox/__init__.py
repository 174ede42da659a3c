"""A made-up organisation whose vendors answer on localhost; it imports nothing of the product."""
