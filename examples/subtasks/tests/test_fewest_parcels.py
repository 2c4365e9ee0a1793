import time

import pytest
from shop.packing import fewest_parcels


def test_every_weight_is_in_one_parcel_within_the_limit():
    weights = [700, 300, 500, 500, 250]
    parcels = fewest_parcels(weights, 1000)
    assert sorted(weight for parcel in parcels for weight in parcel) == sorted(weights)
    assert all(sum(parcel) <= 1000 for parcel in parcels)
    assert fewest_parcels([], 1000) == []


def test_the_heaviest_first_is_not_enough():
    assert len(fewest_parcels([5, 4, 3, 3, 3, 2], 10)) == 2
    assert len(fewest_parcels([6, 6, 5, 3, 3, 2, 2, 2], 10)) == 3


def test_fifteen_weights_are_quick():
    weights = [10965, 8637, 7974, 4386, 5201, 6069, 13489, 8626, 8035, 9549, 1696, 5205, 9216, 3647, 13008]
    started = time.process_time()
    assert len(fewest_parcels(weights, 20_000)) == 6
    assert time.process_time() - started < 2


def test_a_weight_above_the_limit_is_refused():
    with pytest.raises(ValueError, match="1200"):
        fewest_parcels([100, 1200], 1000)
