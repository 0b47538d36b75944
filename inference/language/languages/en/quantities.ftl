# Numbers, units and dates. {"\u202F"} is a narrow space that doesn't break.

## How numbers are written

number-decimal = .
number-group = {"\u202F"}
number-minus = −

## A number and its unit

number = { $value }
percent = { $value }{"\u202F"}%
percent-less-than = <{"\u202F"}{ $value }{"\u202F"}%
points = { $sign }{ $value }{"\u202F"}points
kilobytes = { $value }{"\u202F"}kB
megabytes = { $value }{"\u202F"}MB
millimetres = { $value }{"\u202F"}mm
hounsfield = { $value }{"\u202F"}HU
seconds = { $value }{"\u202F"}s
minutes = { $minutes }{"\u202F"}min { $seconds }{"\u202F"}s
time-left = about { $time } left
time-left-few = a few seconds left
ct-class = CT-{ $class }

date =
    { $day } { $month ->
        [1] Jan
        [2] Feb
        [3] Mar
        [4] Apr
        [5] May
        [6] Jun
        [7] Jul
        [8] Aug
        [9] Sep
        [10] Oct
        [11] Nov
       *[12] Dec
    } { $year }
