# Числа, единицы и даты. {"\u202F"} — узкий неразрывный пробел, {"\u00A0"} — обычный неразрывный.

## Как пишутся числа

number-decimal = ,
number-group = {"\u202F"}
number-minus = −

## Число и его единица

number = { $value }
percent = { $value }{"\u202F"}%
percent-less-than = <{"\u202F"}{ $value }{"\u202F"}%
points = { $sign }{ $value }{"\u00A0"}п.{"\u00A0"}п.
kilobytes = { $value }{"\u202F"}кБ
megabytes = { $value }{"\u202F"}МБ
millimetres = { $value }{"\u202F"}мм
hounsfield = { $value }{"\u202F"}HU
seconds = { $value }{"\u202F"}с
minutes = { $minutes }{"\u202F"}мин { $seconds }{"\u202F"}с
time-left = осталось около { $time }
time-left-few = осталось несколько секунд
ct-class = КТ-{ $class }

date = { NUMBER($day, minimumIntegerDigits: 2) }.{ NUMBER($month, minimumIntegerDigits: 2) }.{ $year }
