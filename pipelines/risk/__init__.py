"""Re-identification risk beyond identifiers: combinations of attributes that few patients share.

  notes ──▶ attributes of each note ──▶ combinations of each patient ──▶ class sizes k ──▶ actions ──▶ protected notes
             (categories, no text)            (polars, whole data set)        └──▶ k-anonymity table

`note_attributes` reads notes in the process that holds them; `assess` decides once over the whole data set; and
`protect_notes` carries out what was decided, again where the notes are. Identifiers are the screen's business.
"""
