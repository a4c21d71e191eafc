"""The live loop: its threads, what each of them does, and where they meet. Start with loop.py; answering is answer_worker.py."""
