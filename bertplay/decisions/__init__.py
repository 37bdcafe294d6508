"""From a network's logits to decisions: probabilities that can be trusted, and what follows."""
