def test_what_has_run_low_is_ordered_up_to_its_minimum(stock):
    assert stock.reorder_list({"TEA": 50, "POT": 2, "BOOK": 9, "CUP": 3}, {}) == {"BOOK": 4, "CUP": 3, "TEA": 10}


def test_packs_are_whole(stock):
    assert stock.reorder_list({"TEA": 41, "BOOK": 29}, {"TEA": 12, "BOOK": 12}) == {"BOOK": 24, "TEA": 12}


def test_reserved_goods_do_not_count(stock):
    stock.reserve("1", {"TEA": 30})
    assert stock.reorder_list({"TEA": 15}, {"TEA": 10}) == {"TEA": 10}


def test_the_order_is_alphabetical(stock):
    assert list(stock.reorder_list({"TEA": 50, "CUP": 1, "BOOK": 9}, {})) == ["BOOK", "CUP", "TEA"]
