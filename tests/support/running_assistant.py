"""The benchmarks' running assistant, which tests talk to too."""

from assistant.benchmarks.running_assistant import NO_NETWORK, PATIENCE_S, RunningAssistant, can_lose_network, is_event

__all__ = ["NO_NETWORK", "PATIENCE_S", "RunningAssistant", "can_lose_network", "is_event"]
