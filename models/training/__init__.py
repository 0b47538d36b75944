"""How the shipped weights were made: data → arrays → training → evaluation → packed weights (`python -m training`)."""
