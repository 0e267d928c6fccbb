"""Drivers: they call your functions with generators and many times over, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""

import random

import torch


def one_split(student, docs, n_valid, seed):
    """`split_documents` with a generator of this seed."""
    torch.manual_seed(seed)
    random.seed(seed)
    return student.split_documents(docs, n_valid, torch.Generator().manual_seed(seed))


def sizes_of_a_split(student, docs, n_valid, seed):
    """How many different documents are in each of the lists that `split_documents` gives."""
    train, valid = one_split(student, docs, n_valid, seed)
    return {"different in train": len(set(train)), "different in valid": len(set(valid))}


def documents_put_aside(student, docs, n_valid, splits, seed):
    """In how many splits `split_documents` put each different document aside to validate with, and each two together."""
    torch.manual_seed(seed)
    random.seed(seed)
    generator = torch.Generator().manual_seed(seed)
    different = list(dict.fromkeys(docs))
    rows = []
    for _ in range(splits):
        _, valid = student.split_documents(list(docs), n_valid, generator)
        rows.append([float(doc in valid) for doc in different])
    hit = torch.tensor(rows, dtype=torch.float64)
    together = hit.mT @ hit
    return {"document": hit.sum(0), "two together": together - together.diag().diag()}


def splits_of_generators(student, docs, n_valid, seed):
    """Whether `split_documents` puts the same documents aside again, from generators with the same and other seeds."""

    def put_aside(own_seed, global_seed):
        torch.manual_seed(global_seed)
        random.seed(global_seed)
        return student.split_documents(list(docs), n_valid, torch.Generator().manual_seed(own_seed))[1]

    first = put_aside(seed, 1)
    others = [put_aside(seed + more, 1) for more in range(1, 5)]
    return {
        "same seed, same split": put_aside(seed, 2) == first,
        "other seeds, same split": all(other == first for other in others),
    }
