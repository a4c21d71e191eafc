"""Tasks over a recorded or live video. Pure: they are told keyframes and times, and get a SceneDescriber."""
