"""Writes the input of dense.mlir in each format to a folder."""

import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
x = np.array([[1, 2, 3], [4, 5, 6]], np.float32)
np.save(folder / "x.npy", x)
np.savez(folder / "plain.npz", x=x)
np.savez_compressed(folder / "compressed.npz", x=x)
np.save(folder / "double.npy", x.astype(np.float64))
np.save(folder / "tall.npy", x.T.copy())
np.save(folder / "fortran.npy", np.asfortranarray(x))
np.save(folder / "objects.npy", np.array([None]), allow_pickle=True)
(folder / "cut.npy").write_bytes((folder / "x.npy").read_bytes()[:-4])
(folder / "text.npy").write_text("not an array")
(folder / "text.npz").write_text("not an archive")
