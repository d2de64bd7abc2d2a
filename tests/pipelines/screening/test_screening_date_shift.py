import pytest

from pipelines.screening.date_shift import shift_date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("03/14/2019", "11/01/2018"),
        ("3/4/19", "10/22/18"),
        ("3/14/51", "11/1/50"),
        ("31/12/2019", "20/08/2019"),
        ("14.03.2019", "01.11.2018"),
        ("2019-03-14", "2018-11-01"),
        ("2019-03-14T10:30:00Z", "2018-11-01T10:30:00Z"),
        ("20190314", "20181101"),
        ("10 14 1951", "06 03 1951"),
        ("3/14", "11/1"),
        ("03/2019", "11/2018"),
        ("March 3rd, 2019", "October 21st, 2018"),
        ("MARCH 03 2019", "OCTOBER 21 2018"),
        ("Mar. 3, '19", "Oct. 21, '18"),
        ("03-MAR-2019", "21-OCT-2018"),
        ("3rd of March", "21st of October"),
        ("July 13-15, 2021", "March 2-4, 2021"),
        ("July 13th-15th", "March 2nd-4th"),
        ("third of July", "twentieth of February"),
        ("July the third, 2020", "February the twenty-first, 2020"),
        ("twenty first of May 2020", "ninth of January 2020"),
        ("March 2019", "November 2018"),
        ("November", "July"),
        ("Sunday, March 3rd, 2019", "Sunday, October 21st, 2018"),  # 133 days are 19 weeks
        ("WEDS 3/14", "WED 11/1"),
    ],
)
def test_a_date_moves_in_the_form_in_which_it_was_written(value, expected):
    assert shift_date(value, -133) == expected


@pytest.mark.parametrize(
    "value",
    [
        "Christmas",
        "Saturday the 5th",
        "2/30/2019",
        "02/29",
        "July 1-30",
        "13/13/2019",
        "1/1/0001",
        "3 days ago",
        "",
        "٣/١٤",
    ],
)
def test_what_is_no_date_is_left_to_the_caller(value):
    assert shift_date(value, -133) is None


def test_a_weekday_moves_by_the_days_that_are_left_of_the_weeks():
    assert shift_date("Mon 3/14", 9) == "Wed 3/23"
    assert shift_date("Saturday, March 14 2020", -2) == "Thursday, March 12 2020"


def test_forms_of_one_day_stay_one_day():
    forms = ("03/14/2019", "2019-03-14", "March 14, 2019", "14 Mar 2019", "20190314")
    assert [shift_date(form, -7 * 40) for form in forms] == [
        "06/07/2018",
        "2018-06-07",
        "June 7, 2018",
        "7 Jun 2018",
        "20180607",
    ]
