"""What other libraries call a loss finds it; a name of several is refused, none taken twice."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from losscli import losses
from losscli.errors import UsageError
from losscli.registry import flag

TORCH = {
    "bce": "BCELoss BCEWithLogitsLoss binary_cross_entropy binary_cross_entropy_with_logits",
    "ce": "CrossEntropyLoss cross_entropy",
    "nll": "NLLLoss NLLLoss2d nll_loss",
    "linear-ce": "LinearCrossEntropyLoss linear_cross_entropy",
    "adaptive-ce": "AdaptiveLogSoftmaxWithLoss",
    "kl": "KLDivLoss kl_div",
    "mse": "MSELoss mse_loss",
    "mae": "L1Loss l1_loss",
    "huber": "HuberLoss huber_loss",
    "smooth-l1": "SmoothL1Loss smooth_l1_loss",
    "poisson-nll": "PoissonNLLLoss poisson_nll_loss",
    "gaussian-nll": "GaussianNLLLoss gaussian_nll_loss",
    "hinge-embedding": "HingeEmbeddingLoss hinge_embedding_loss",
    "multilabel-margin": "MultiLabelMarginLoss multilabel_margin_loss",
    "multilabel-soft-margin": "MultiLabelSoftMarginLoss multilabel_soft_margin_loss",
    "cosine-embedding": "CosineEmbeddingLoss cosine_embedding_loss",
    "margin-ranking": "MarginRankingLoss margin_ranking_loss",
    "multi-margin": "MultiMarginLoss multi_margin_loss",
    "triplet": "TripletMarginLoss triplet_margin_loss TripletMarginWithDistanceLoss "
    "triplet_margin_with_distance_loss",
    "ctc": "CTCLoss ctc_loss",
    "soft-margin": "SoftMarginLoss soft_margin_loss",
}
OTHERS = {  # Keras; scikit-learn; TensorFlow; optax; timm, kornia, torchmetrics, boosting
    "bce": "binary_crossentropy BinaryCrossentropy BCE sigmoid_cross_entropy_with_logits "
    "weighted_cross_entropy_with_logits sigmoid_cross_entropy sigmoid_binary_cross_entropy "
    "binary_logloss",
    "focal": "binary_focal_crossentropy BinaryFocalCrossentropy sigmoid_focal_loss",
    "hinge": "hinge_loss",
    "squared-hinge": "squared_hinge SquaredHinge",
    "perceptron": "perceptron_loss",
    "brier": "brier_score_loss",
    "zero-one": "zero_one_loss hamming_loss",
    "asl": "AsymmetricLossMultiLabel",
    "zlpr": "ZlprLoss",
    "ce": "categorical_crossentropy CategoricalCrossentropy sparse_categorical_crossentropy "
    "SparseCategoricalCrossentropy softmax_cross_entropy_with_logits softmax_cross_entropy "
    "sparse_softmax_cross_entropy_with_logits sparse_softmax_cross_entropy "
    "softmax_cross_entropy_with_integer_labels safe_softmax_cross_entropy multi_logloss mlogloss "
    "SoftTargetCrossEntropy LabelSmoothingCrossEntropy",
    "focal-ce": "categorical_focal_crossentropy CategoricalFocalCrossentropy",
    "poly1": "poly_loss_cross_entropy PolyCrossEntropy",
    "gce": "categorical_generalized_cross_entropy",
    "multiclass-hinge": "multiclass_hinge_loss multiclass_perceptron_loss",
    "categorical-hinge": "categorical_hinge CategoricalHinge",
    "kl": "kl_divergence KLDivergence kld KLD kullback_leibler_divergence "
    "kl_divergence_with_log_targets",
    "js": "jensen_shannon_divergence jensenshannon",
    "mse": "mean_squared_error MeanSquaredError squared_error",
    "rmse": "root_mean_squared_error RootMeanSquaredError",
    "mae": "mean_absolute_error MeanAbsoluteError absolute_difference",
    "huber": "Huber",
    "log-cosh": "log_cosh LogCosh logcosh LogCoshError",
    "mape": "mean_absolute_percentage_error MeanAbsolutePercentageError",
    "smape": "symmetric_mean_absolute_percentage_error SymmetricMeanAbsolutePercentageError",
    "wape": "weighted_mean_absolute_percentage_error WeightedMeanAbsolutePercentageError",
    "msle": "mean_squared_logarithmic_error MeanSquaredLogarithmicError mean_squared_log_error",
    "rmsle": "root_mean_squared_log_error",
    "quantile": "mean_pinball_loss",
    "charbonnier": "charbonnier_loss pseudo_huber",
    "cauchy": "cauchy_loss",
    "welsch": "welsch_loss",
    "geman-mcclure": "geman_mcclure_loss",
    "poisson-nll": "poisson Poisson log_poisson_loss",
    "tweedie": "mean_tweedie_deviance tweedie_deviance_score",
    "gamma": "mean_gamma_deviance",
    "dice": "dice_loss DiceLoss",
    "tversky": "TverskyLoss",
    "giou": "generalized_box_iou_loss",
    "diou": "distance_box_iou_loss",
    "ciou": "complete_box_iou_loss",
    "cosine": "cosine_similarity CosineSimilarity cosine_distance",
    "ranking-softmax": "ranking_softmax_loss",
    "circle": "CircleLoss",
    "ntxent": "NTXentLoss",
    "supcon": "SupConLoss",
    "lovasz": "LovaszLoss",
    "ssim": "SSIMLoss ssim_loss structural_similarity structural_similarity_index_measure",
}
SEVERAL = "log-loss log_loss logloss iou l2-loss l2_loss mean_poisson_deviance poisson_deviance"

NAMED = [
    (name, loss)
    for table in (TORCH, OTHERS)
    for loss, names in table.items()
    for name in names.split()
]


@pytest.mark.parametrize(("name", "loss"), NAMED, ids=[name for name, _ in NAMED])
def test_name_finds_its_loss_once_it_is_here(name, loss):
    if loss in losses:
        assert losses.find(name).name == loss
    else:
        assert not losses.knows(name)


def test_every_loss_of_torch_is_in_the_table():
    modules = {*torch.nn.modules.loss.__all__}
    functions = {
        name for name in dir(torch.nn.functional) if "loss" in name or "cross_entropy" in name
    }
    functions = {name for name in functions if callable(getattr(torch.nn.functional, name))}
    known = {name for names in TORCH.values() for name in names.split()}
    assert {name for name in modules | functions if not name.startswith("_")} <= known
    assert {"kl_div"} <= known


@pytest.mark.parametrize("name", SEVERAL.split())
def test_a_name_of_several_losses_is_refused(name):
    with pytest.raises(UsageError, match="several losses") as refused:
        losses.find(name)
    assert refused.value.hint


def clashes(found):
    """Names, as they are compared, that more than one loss claims, or that are refused."""
    claims = Counter(
        plain for one in found for plain in {squeezed(name) for name in (one.name, *one.names)}
    )
    return {name for name, count in claims.items() if count > 1} | {
        name for name in claims if name in {squeezed(one) for one in SEVERAL.split()}
    }


def squeezed(name):
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")


def test_no_name_is_claimed_twice():
    assert clashes(losses.values()) == set()
    bce = losses["bce"]
    other = type(bce)(bce.function, bce.target, aliases=("L1", "log-loss"))
    assert clashes([losses["mae"], other]) == {"l1", "logloss"}


NOTED = {  # what another library has under the name: see the tables of peers
    "l2": "half",
    "LabelSmoothingCrossEntropy": "--label-smoothing 0.1",
    "KLDivLoss": "batchmean",
    "jensenshannon": "--sqrt",
    "categorical_focal_crossentropy": "0.25",
    "categorical_generalized_cross_entropy": "--q 0.5",
    "multiclass_perceptron_loss": "--margin 0",
    "sigmoid_focal_loss": "--alpha 0.25",
    "mean_absolute_percentage_error": "percent",
    "mean_tweedie_deviance": "--power 0",
    "tweedie_deviance_score": "--power 0",
    "generalized_box_iou_loss": "--reduction none",
    "distance_box_iou_loss": "--reduction none",
    "complete_box_iou_loss": "--reduction none",
    "JaccardLoss": "--reduce-over batch",
    "cosine_similarity": "Keras minus it",
    "ContrastiveLoss": "MONAI is ntxent",
    "NTXentLoss": "--temperature 0.07",
    "MultipleNegativesRankingLoss": "--temperature 0.05",
    "ClipLoss": "--symmetric",
    "SSIMLoss": "half",
}


@pytest.mark.parametrize("name", NOTED)
def test_a_name_that_means_something_else_is_noted(name):
    assert NOTED[name] in (losses.find(name).remark(name) or "")


def test_a_remark_names_only_options_of_its_loss():
    for loss in losses.values():
        known = {flag(name) for name in loss.options} | {"--reduction"}
        for text in loss.differs.values():
            assert {word.strip(";),.") for word in text.split() if word.startswith("--")} <= known
