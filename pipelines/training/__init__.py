"""Full fine-tuning: Ray Data streams packs into Ray Train workers that run DeepSpeed.

    pack stream ──WindowAssembler──▶ this rank's packs of a step ──loop──▶ checkpoints, validation, exported model

`loop` knows nothing of Ray; `ray_train` puts it on a cluster.
"""
