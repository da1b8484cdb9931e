"""Metrics of image generators, on arrays; usable without the rest of the pipeline.

Features are float arrays (N, d), NumPy or torch; images uint8 (N, H, W, C). Wrong shapes, dtypes,
values that are not finite and too few samples raise a `ValueError` that says what was expected.
No result is NaN.
"""

from ganstudy.metrics.classes import (
    ClassCoverage,
    PerClassCoverage,
    Verdict,
    class_coverage,
    error_rate,
    mode_verdicts,
    per_class_coverage,
    soft_confusion,
)
from ganstudy.metrics.debiased import (
    FrechetEstimate,
    debiased_frechet_distance,
    frechet_estimate,
    frechet_floors,
    frechet_interval,
)
from ganstudy.metrics.density import density_kl, grid_points, mixture_log_density
from ganstudy.metrics.extractors import (
    FeatureExtractor,
    Features,
    TorchFidelityExtractor,
    must_be_registered,
)
from ganstudy.metrics.fidelity import (
    mean_absolute_error,
    peak_signal_to_noise,
    saturation,
    structural_similarity,
)
from ganstudy.metrics.frechet import (
    FrechetReference,
    frechet_distance,
    per_class_frechet_distance,
)
from ganstudy.metrics.inception import InceptionScore, inception_score
from ganstudy.metrics.judge import JudgeExtractor, register_judge
from ganstudy.metrics.kernel import kernel_distance, standardize
from ganstudy.metrics.memorization import (
    Memorization,
    memorization,
    memorization_from_distances,
)
from ganstudy.metrics.modes import (
    GRID_SIGMA,
    POINTS,
    RING_SIGMA,
    STACKED_SAMPLES,
    ModeStatistics,
    StackedModeStatistics,
    grid_centers,
    mode_kl_floor,
    mode_statistics,
    ring_centers,
    stacked_mode_statistics,
)
from ganstudy.metrics.neighbours import (
    Neighbours,
    PrecisionRecallDensityCoverage,
    expected_coverage,
    nearest_neighbours,
    neighbour_radii,
    precision_recall_density_coverage,
)
from ganstudy.metrics.relation import (
    agreement,
    agreement_over_shuffled,
    class_kept,
    fresh_probe,
    retrieval,
    retrieval_ratio,
)
from ganstudy.metrics.sharpness import sharpness, sharpness_ratio

__all__ = [
    "GRID_SIGMA",
    "POINTS",
    "RING_SIGMA",
    "STACKED_SAMPLES",
    "ClassCoverage",
    "FeatureExtractor",
    "Features",
    "FrechetEstimate",
    "FrechetReference",
    "InceptionScore",
    "JudgeExtractor",
    "Memorization",
    "ModeStatistics",
    "Neighbours",
    "PerClassCoverage",
    "PrecisionRecallDensityCoverage",
    "StackedModeStatistics",
    "TorchFidelityExtractor",
    "Verdict",
    "agreement",
    "agreement_over_shuffled",
    "class_coverage",
    "class_kept",
    "debiased_frechet_distance",
    "density_kl",
    "error_rate",
    "expected_coverage",
    "frechet_distance",
    "frechet_estimate",
    "frechet_floors",
    "frechet_interval",
    "fresh_probe",
    "grid_centers",
    "grid_points",
    "inception_score",
    "kernel_distance",
    "mean_absolute_error",
    "memorization",
    "memorization_from_distances",
    "mixture_log_density",
    "mode_kl_floor",
    "mode_statistics",
    "mode_verdicts",
    "must_be_registered",
    "nearest_neighbours",
    "neighbour_radii",
    "peak_signal_to_noise",
    "per_class_coverage",
    "per_class_frechet_distance",
    "precision_recall_density_coverage",
    "register_judge",
    "retrieval",
    "retrieval_ratio",
    "ring_centers",
    "saturation",
    "sharpness",
    "sharpness_ratio",
    "soft_confusion",
    "stacked_mode_statistics",
    "standardize",
    "structural_similarity",
]
