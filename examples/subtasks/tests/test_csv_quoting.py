import csv
import io

from shop.reports import to_csv


def read_back(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def test_commas_stay_in_their_field():
    text = to_csv([{"sku": "POT", "name": "Teapot, cast iron"}], ["sku", "name"])
    assert text == 'sku,name\nPOT,"Teapot, cast iron"\n'


def test_quotes_are_doubled():
    assert to_csv([{"name": 'The "best" tea'}], ["name"]) == 'name\n"The ""best"" tea"\n'


def test_line_breaks_stay_in_their_field():
    text = to_csv([{"a": "1\n2", "b": "x"}, {"a": "3"}], ["a", "b"])
    assert read_back(text) == [["a", "b"], ["1\n2", "x"], ["3", ""]]


def test_plain_rows_look_as_before():
    assert to_csv([{"a": 1, "b": "x"}], ["b", "a"]) == "b,a\nx,1\n"
