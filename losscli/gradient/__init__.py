"""The gradient of the reduced loss by the predictions, in a second pass over the data.

The first pass gives the sums of all leaves, and they how the reduced loss changes with each (see
:mod:`losscli.gradient.slopes`). Then every leaf is read and computed once more, with what autograd
needs to lead that back to the predictions: one vector-Jacobian product a leaf (see
:mod:`losscli.gradient.leaf`). So the gradient of a mean, of a weighted mean, of the root of one or
of Dice over a batch takes no more memory than some leaves do, and its entries have the same bits
however leaves are scheduled.
"""
