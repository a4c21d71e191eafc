from assistant.messages import Keyframe


def describe_view_conditions(keyframe: Keyframe) -> list[str]:
    return ["view_good"]
