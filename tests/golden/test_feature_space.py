"""FeatureSpace against Keras 3: each column, and all of them joined."""

from .library import close, each, public


@each("feature_space")
def test_feature_space_agrees_with_keras(case):
    space = public("utils", "FeatureSpace")(**case["kwargs"])
    space.adapt(case["table"])
    y = space({name: column[:9] for name, column in case["table"].items()})
    if not isinstance(case["output"], dict):
        close(y, case["output"], case["tolerance"], "all")
        return
    assert set(y) == set(case["output"])
    for name, expected in case["output"].items():
        close(y[name], expected, case["tolerance"], name)
