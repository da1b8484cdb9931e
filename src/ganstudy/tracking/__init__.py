"""The only package that knows MLflow. Files are the truth; the tracker is a copy of them.

Runs are flat and found by the tag `study.key`, a hash of all that made their numbers. A tracker
that fails is told about once and never stops the work; `sync` completes it.
"""

from ganstudy.tracking.links import kept_link, link_path, models_link
from ganstudy.tracking.models import log_real, log_run, log_samples, tracked_training
from ganstudy.tracking.origin import git, source_tags
from ganstudy.tracking.run import TrackedRun, flat, tracked
from ganstudy.tracking.store import tracking_uri, without_secret

__all__ = [
    "TrackedRun",
    "flat",
    "git",
    "kept_link",
    "link_path",
    "log_real",
    "log_run",
    "log_samples",
    "models_link",
    "source_tags",
    "tracked",
    "tracked_training",
    "tracking_uri",
    "without_secret",
]
