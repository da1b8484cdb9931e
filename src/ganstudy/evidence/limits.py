"""How much of a run is kept: as much as pages show. A change here makes every evaluation stale."""

# To be raised when evidence changes in a way that neither these numbers nor `identity` show.
VERSION = 1

KEPT = 64  # images of the samples, of each snapshot and of the reference, the first ones
FEW = 16  # of each snapshot of another seed than the first
LOOKED_AT = 500  # samples among which those closest to training images are sought
SHOWN, BESIDE = 6, 5  # samples of each picture of neighbours, and neighbours of each
ROWS = 128  # of history: each the mean over as large a part of training
REACH = 1.25  # of the farthest real point: half the side of the pictures of points
SIDE = 120  # of D's landscape, in scores

# Files of a run. The first must be there; a report stands without any of the others.
RUN, ORIGIN, HISTORY = "run.json", "origin.json", "history.csv"
SAMPLES, SNAPSHOTS, WALKS = "samples.npz", "snapshots.npz", "walks.npz"
NEIGHBOURS, LANDSCAPE = "neighbours.npz", "landscape.npz"
# Of data with fields: columns of pictures, and samples over training beside what they are for.
COLUMNS, COURSE = "columns.npz", "course.npz"
MADE = "made"  # of a course: samples (moments, rows, H, W, C); beside them columns (rows, H, W, C)
# Files of the real images, beside ORIGIN.
REAL, REFERENCE = "real.json", "reference.npz"
PICTURES = "pictures"  # what the files of the first seed alone are called together
