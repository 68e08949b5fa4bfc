"""Read-outs derived from a trace and the weights: arrays in, arrays out."""
