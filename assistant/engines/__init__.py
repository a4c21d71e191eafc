"""What looks, hears, speaks and translates: one folder a job. Nothing but `assembly` names an engine."""
