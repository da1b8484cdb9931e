"""The theory of GANs in games so small that the answer is known.

- `settings`: what studies/theory/params.yaml says.
- `line`: mixtures on a line, whose density and quantiles are known.
- `frozen`: D alone, against samples that nobody moves.
- `recording`: what a game looks like from round to round.
- `parallel`: two parallel lines (Arjovsky et al. 2017, example 1).
- `optimal`: D against p / (p + q).
- `games`: the whole game on a line (Goodfellow et al. 2014, figure 1), by every loss.
- `evidence`: all numbers of these, written and read. `concluded`: claims, and `report`: the pages,
  both drawn from evidence alone.
"""
