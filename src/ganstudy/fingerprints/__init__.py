"""What the code computes, as small files: a refactoring leaves them, a changed formula does not.

Training, sampling and evaluation depend on them in place of source text. Each also holds the
parameters that what depends on it depends on, so that no pipeline has to name those.
"""

from ganstudy.fingerprints import evaluation, sampling, training

__all__ = ["evaluation", "sampling", "training"]
