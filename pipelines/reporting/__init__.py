"""Reporting: what a run did and what it shows, as one HTML file that opens offline and one JSON file.

manifests, findings, step logs, scores, predictions ──sections──▶ report.json ──page──▶ report.html
                                                                       └──terminal──▶ a table of a few lines

Every number on the page comes from the JSON document: the page and the terminal table are views of it. The stage reads
counts, metrics and labels, and none of the files that hold text of notes.
"""
