"""The live loop: its threads, what each of them does, and where they meet. Start with loop.py; answer_worker.py and responder.py answer."""
