"""From a name to a network with its weights, tokenizer and preprocessing."""
