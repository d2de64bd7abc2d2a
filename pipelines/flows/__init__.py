"""The stages joined up: which output feeds which, what runs again and what does not. Jobs call nothing else."""
