# Предложения о неполадке и то, что обнаружено: размеры, количества и причины.

issue-sentences = { $what } { $advice }
issue-sentences-found = { $what } Обнаружено: { $found }. { $advice }
issue-earlier-study = Предыдущее исследование: { $sentences }
found-separator = {", "}

## Файлы и папки, которые не удалось открыть

unopened-files =
    не удалось открыть { $files } из { $total ->
        [one] { $total } файла
       *[other] { $total } файлов
    }
unopened-folders =
    не удалось просмотреть { $folders ->
        [one] { $folders } папку
        [few] { $folders } папки
       *[other] { $folders } папок
    }
unopened-both = { $files }, { $folders }
unopened-nothing = Файлы недоступны: { $what }. Измерять нечего. { $advice }
unopened-some = Файлы недоступны: { $what }. Части срезов может не хватать. { $advice }
unopened-to-do = Скопируйте исследование в папку на этом компьютере с коротким путём и откройте его снова или откройте его кнопкой «Выбрать папку».

## Количества

count-files =
    { $count ->
        [one] { $count } файл
        [few] { $count } файла
       *[other] { $count } файлов
    }
count-images =
    { $count ->
        [one] { $count } изображение
        [few] { $count } изображения
       *[other] { $count } изображений
    }
count-not-axial =
    { $count ->
        [one] { $count } неаксиальный срез
        [few] { $count } неаксиальных среза
       *[other] { $count } неаксиальных срезов
    }
count-copies =
    { $count ->
        [one] { $count } копия
        [few] { $count } копии
       *[other] { $count } копий
    }
count-renamed-copies =
    { $count ->
        [one] { $count } копия
        [few] { $count } копии
       *[other] { $count } копий
    } с другими идентификаторами
count-described-frames =
    описано { $count ->
        [one] { $count } кадр
        [few] { $count } кадра
       *[other] { $count } кадров
    }
count-shared-positions =
    { $count ->
        [one] { $count } положение
        [few] { $count } положения
       *[other] { $count } положений
    } с несколькими изображениями
more-than-files =
    более { $limit ->
        [one] { $limit } файла
       *[other] { $limit } файлов
    }
more-than-images =
    более { $limit ->
        [one] { $limit } изображения
       *[other] { $limit } изображений
    }

## Что обнаружено, по видам

found-at-least = { $count }, а нужно не менее { $needed }
found-more-than-bytes = более { $limit }
found-part = { $count } из { $total }
found-used = использовано изображений: { $count } из { $total }
found-listed = в указателе { $listed }, найдено { $present }
found-volume-size =
    { $slices ->
        [one] { $slices } срез
        [few] { $slices } среза
       *[other] { $slices } срезов
    } { $columns } × { $rows }, объём данных { $size } при пределе { $limit }
found-image-size = { $columns } × { $rows } пикселей
found-bits =
    { $stored ->
        [one] { $stored } бит
        [few] { $stored } бита
       *[other] { $stored } бит
    } из { $allocated }
found-gap = { $missing } из { $total }; самый широкий пропуск — { $widest } мм, после среза { $after }
found-distance = { $distance } мм
found-distances = от { $least } до { $greatest } мм
found-angle = { $degrees }°
found-lowest-hu = наименьшее значение { $hu }, а воздух — это −1000
found-densities = воздух { $air } %, мягкие ткани { $soft } %, кость { $bone } %
found-lung =
    { $side ->
        [right] правое
       *[left] левое
    }
found-missing-lung =
    нет { $side ->
        [right] правого
       *[left] левого
    } лёгкого в { $study ->
        [earlier] предыдущем
       *[later] последующем
    } исследовании
found-lung-volumes =
    { $side ->
        [right] правое
       *[left] левое
    } лёгкое: { $earlier } мл в предыдущем исследовании и { $later } мл в последующем
found-identifiers = различаются { $identifiers }
found-picture-sides = лёгкое доходит до { $sides }
found-upper-end = лёгкое на верхнем крайнем срезе
found-lower-end = лёгкое на нижнем крайнем срезе
found-both-ends = лёгкое на нижнем и верхнем крайних срезах
found-lung-volume = объём обоих лёгких { $volume } мл
found-lesion-volume = { $lesions } мл поражения при объёме лёгких { $lungs } мл
found-slice-distances = расстояние между срезами { $previous } мм и { $current } мм
found-slice-thicknesses = толщина среза { $previous } мм и { $current } мм
found-tube-voltages = напряжение на трубке { $previous } кВ и { $current } кВ
found-both-lung-volumes = другая глубина вдоха: объём обоих лёгких { $earlier } мл в предыдущем исследовании и { $later } мл в последующем
found-series-taken = взята серия { $number } из { $total }
found-series-number =
    номер { $number }, а { $total ->
        [one] есть только { $total } серия
        [few] есть только { $total } серии
       *[other] есть только { $total } серий
    }
found-deviation = отклонение { $deviation }
found-reduced = { $read } вместо { $whole }
found-reduced-size = { $slices } × { $columns } × { $rows } (срезы, столбцы, строки)
found-lung-quartile = четверть лёгких ниже { $hu } HU, при проверке программы — ниже { $validated } HU
found-noise = шум { $hu } HU в мягких тканях, при проверке программы — не более { $validated } HU
found-share-range = от { $least } до { $greatest } % обоих лёгких
found-megabytes = { $size } МБ

## Идентификаторы

identifier-study = Study Instance UID
identifier-series = Series Instance UID
identifier-frame-of-reference = Frame of Reference UID
identifier-patient = Patient ID
identifier-person = имя, дата рождения или пол пациента

## Края изображения, если смотреть со стороны пациента

picture-side-right = правого края
picture-side-left = левого края
picture-side-front = переднего края
picture-side-back = заднего края
picture-side-circle = границы круга сканирования

## Причины без чисел

reason-shifted-sideways = срезы сдвинуты вбок друг относительно друга
reason-skewed-axes = строки и столбцы не перпендикулярны
reason-no-rotation = направления строк и столбцов не перпендикулярны или имеют нулевую длину
reason-unexpected-signs = в данных есть отрицательные числа, а по заголовку их быть не должно
reason-lookup-table = вместо линейного пересчёта задана таблица
reason-other-unit = другая единица измерения
reason-missing-number = нет числа, которое описывает изображение
reason-several-samples = несколько значений на пиксель
reason-decoder-stopped = на нём остановился декодер
reason-other-kernel = другое ядро свёртки
reason-contrast-in-one = контрастное вещество в одном исследовании и не в другом
reason-several-kernels = несколько ядер свёртки
reason-several-voltages = несколько значений напряжения на трубке
reason-contrast-on-some = контрастное вещество только на части срезов
reason-no-patient-in-both = нет в обоих исследованиях
reason-no-patient-in-one = нет в одном из двух исследований
reason-other-patient-id = другой Patient ID
reason-other-birth-date = другая дата рождения
reason-other-sex = другой пол
reason-other-name = другое имя
reason-same-name-and-birth-date = имя и дата рождения совпадают
reason-patient-confirmed = подтверждено, что это один пациент
reason-no-answer = нет ответа
reason-no-file = нет файла
