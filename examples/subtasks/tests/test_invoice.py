from dataclasses import replace

from shop.invoice import render

INVOICE = """\
Invoice 1001 of 2024-03-01
2 x Green tea                   7.00 EUR
1 x The tea book               18.00 EUR
Shipping                        4.90 EUR
Tax                             1.75 EUR
Total                          31.65 EUR
"""


def test_an_invoice_lists_lines_shipping_tax_and_total(order):
    assert render(order) == INVOICE


def test_the_width_can_be_chosen(order):
    rows = render(order, width=60).splitlines()[1:]
    assert {len(row) for row in rows} == {60}


def test_long_names_are_cut(order):
    long = replace(order.lines[0], name="Tea " * 30)
    rows = render(replace(order, lines=(long,))).splitlines()[1:]
    assert {len(row) for row in rows} == {40}
    assert rows[0].endswith("...  7.00 EUR")


def test_a_discount_has_a_row_of_its_own(order):
    cheaper = replace(order, goods=order.goods.percent(80))
    assert "Discount                       -5.00 EUR\n" in render(cheaper)
