"""From the lines that a text reader found to what is said of them: order, doubts, voting, finding, aiming, reading aloud. Pure."""
