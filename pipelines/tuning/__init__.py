"""A brief task-specific fine-tuning stage: labelled notes, a search with Ray Tune, a collapse watch.

A model trained to write medical decision making can come to answer a yes/no question with one label always. This stage
trains it on the task's own examples, in the same way as before, and watches the labels that it gives.
"""
