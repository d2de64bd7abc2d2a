"""One short module a job: parse the configuration, call a flow, print where the results are. Nothing imports it."""
