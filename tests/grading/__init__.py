"""The machinery that judges a submission: submission, worker, contract, test, verdict, report."""
