# Отчёты о проверке: страница и сводка для терминала.

evaluation-title = CoRSAI, проверка
evaluation-provenance = { $program }, нейросети { $manifest }, вид оценки { $options }.
evaluation-full-run = полный прогон
evaluation-paper-vote = голосование из статьи
evaluation-dpn-3d = DPN-3D
evaluation-counts = Исследований: { $studies }; измерено: { $measured }; без результата: { $failed }.
evaluation-without-masks = Без маски для сравнения: { $studies }.
evaluation-missing = Проверка прервана. Ещё не измерено: { $studies }.
mean-sd = { $mean } ± { $sd } (от { $min } до { $max })
mean-range = { $mean } (от { $min } до { $max })

## Маски и величины

mask-lesions = поражение
mask-both-lungs = оба лёгких
mask-right-lung = правое лёгкое
mask-left-lung = левое лёгкое
mask-right = правое
mask-left = левое
quantity-share = доля поражения, оба лёгких
quantity-share-right = доля поражения, правое лёгкое
quantity-share-left = доля поражения, левое лёгкое
quantity-lesions = объём поражения
quantity-lungs = объём обоих лёгких
quantity-right = объём правого лёгкого
quantity-left = объём левого лёгкого
unit-points = п. п.
unit-millilitres = мл

## Разделы страницы

failures-title = Исследования без результата
column-study = исследование
column-code = код
column-why = причина
masks-title = Маски
column-mask = маска
column-studies = исследований
column-dice = Dice, среднее ± СО (размах)
column-dice-pooled = Dice по всем вокселям
column-iou = IoU, среднее ± СО (размах)
column-iou-pooled = IoU по всем вокселям
column-empty = пусто в обеих
dice-from-one-percent = Dice поражения, исследования с истинной долей не менее 1 % (всего { $studies }): { $dice }.
errors-title = Объёмы и доли
errors-explanation = Разность — это измеренное минус эталонное. Границы согласия: смещение ± 1,96 стандартного отклонения (по Бланду и Альтману).
limits = от { $low } до { $high }
column-quantity = величина
column-unit = единица
column-mae = средняя абсолютная ошибка
column-me = средняя ошибка (смещение)
column-limits = границы согласия
classes-title = Степень КТ
classes-agreement = Верно { $right } из { $studies }; взвешенная каппа { $linear } (линейная), { $quadratic } (квадратичная).
classes-corner = истинная \ найденная
changes-title = Динамика относительно предыдущего исследования
changes-agreement = Верно: { $right }, неверно или без вывода: { $wrong }, без эталона: { $unknown }.
column-true-points = истинная, п. п.
column-found-points = найденная, п. п.
column-true = истинный вывод
column-found = найденный вывод
column-not-compared = не сравнивалось
plots-title = Графики
plot-scatter = Измеренное и эталонное: { $quantity }
plot-bland-altman = График Бланда — Альтмана: { $quantity }
plot-dice = Dice каждого исследования; линия — медиана
plot-dice-short = Dice каждого исследования
plot-reference = эталон, { $unit }
plot-measured = измерено, { $unit }
plot-mean = среднее обоих, { $unit }
plot-difference = измерено − эталон, { $unit }
plot-point = { $name }: { $x }; { $y }
plot-bias = смещение { $value }
studies-title = Исследования
column-lesion-dice = Dice поражения
column-lungs-iou = IoU лёгких
column-right-dice = Dice правого
column-left-dice = Dice левого
column-true-share = истинная доля, %
column-found-share = найденная доля, %
column-true-lesions = истинное поражение, мл
column-found-lesions = найденное поражение, мл
column-true-class = истинная степень
column-found-class = найденная степень
column-codes = коды

## Строки сводки

summary-mask = { $mask }: Dice { $dice }, по всем вокселям { $pooled }; IoU { $iou } (исследований: { $studies })
summary-dice-from-one-percent = поражение при истинной доле не менее 1 %: Dice { $dice } (исследований: { $studies })
summary-error = { $quantity }: средняя абсолютная ошибка { $mae } { $unit }, смещение { $me } { $unit } (исследований: { $studies })
summary-error-limits = { $quantity }: средняя абсолютная ошибка { $mae } { $unit }, смещение { $me } { $unit }, границы согласия от { $low } до { $high } (исследований: { $studies })
summary-classes = степень КТ: верно { $right } из { $studies }, каппа { $linear } (линейная), { $quadratic } (квадратичная)
summary-changes = динамика относительно предыдущего исследования: верно { $right }, неверно или без вывода { $wrong }, без эталона { $unknown }
