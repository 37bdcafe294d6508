"""A run's figures in TensorBoard, Weights & Biases and MLflow, by their own libraries."""
