"""Wrong answers that students really give in assignment 04, each with the sentence they then read."""

import torch
from torch import nn
from torch.nn import functional as F

from autograder.authoring import Catalogue

catalogue = Catalogue()
