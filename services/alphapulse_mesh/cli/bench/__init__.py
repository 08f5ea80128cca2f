"""`alphapulse bench`: what the project's parts do, beside what a user would pick instead.

`results` is the line that every bench prints, `peers` a program that measures on command,
`interleave` runs subjects in turns, `render` makes tables and plots of a result file; one module a
bench. Timings are measured here and never asserted in tests.
"""
