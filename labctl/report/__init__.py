"""What a person reads: progress, tables, plans in words, reports as files.

- `progress`: how a run goes, on stderr: a bar with ETA and the present estimate on a terminal, plain lines elsewhere.
- `sweep_progress`: how a sweep goes: its runs beneath the whole, with the time that the rest will take.
- `tables`: results in a terminal: values with errors, lists as a table, matrices as matrices.
- `sweep_overview`: what a sweep will do, before it runs, and what came of it.
- `plan_overview`: what `labctl run` shows without running: experiments, keys of a plan, its course.
- `html_page`: a page of HTML that needs nothing else: tables, pictures within the text, no script, no network.
- `run_report`: stored runs as one page: what was asked, what came out, how to repeat it.
- `bug_report`: a zip file for whoever shall find a fault, without the addresses of the instruments.
"""
