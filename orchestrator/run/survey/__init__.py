"""Looking at hosts and systems before the night, reading only: `orch probe` (contract section 9).

`wanted` says what is asked, `host_findings` and `system_findings` judge the answers (all pure, over the values of
`findings`), `drive` puts the questions to a carrier, `watch` repeats those that matter.
"""
