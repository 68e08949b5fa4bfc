"""How every shipped checkpoint was made: corpus, tokenizer, training, evaluation and export."""
