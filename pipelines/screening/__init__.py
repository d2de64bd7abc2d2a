"""Screening: no identifier reaches a model, and every note has one outcome.

  notes ──▶ placeholders ──▶ recognisers (Presidio) ──▶ propagation ──▶ merged findings ──▶ policy ──▶ redacted notes
                  │                                                             │               └──▶ quarantine
                  └ tags of an earlier de-identification are no findings        └──▶ findings: offsets, never text

`Screener` is the way in. Patterns live in `recognisers`, one theme a file; word lists in `lexicons`; what happens to a
finding is data, in `policy`. Whatever cannot be screened is quarantined: an engine error, a regex that runs out of
time, a note too long, an entity type without an entry in the policy.
"""
