"""Names of the files that llama_cpp_model.py makes and llama_cpp.py measures; neither needs what the other does."""

MODEL_FILE, PICTURES_FILE, PROMPTS_FILE = "model.gguf", "mmproj.gguf", "prompts.npz"
