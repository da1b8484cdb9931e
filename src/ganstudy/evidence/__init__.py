"""What git keeps of a run so that its report can be drawn anew without data, weights or a judge.

`evaluate` writes a folder of a few files for each run and one for real images, below
`reports/evidence`; `compare` reads them and `reports/metrics`, and nothing else.

- `limits`: how much is kept, and the names of the files.
- `collect`: what a run's own files tell, by its networks and its judge. The only part that needs
  torch, and that with `write` alone.
- `write`: the files. `read`: what they hold. `history`: the course of training, thinned.
- `identity`: what evidence depends on, for the fingerprint of the evaluation.
"""
