"""What every night must come to, worked out again from the rules' text: plain loops, no haste."""
