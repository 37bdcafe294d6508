"""LoRA and DoRA on an encoder's linear maps, and quantized encoders under them."""
