# Страница, по её частям.

## announcer

announcer-no-number = Чисел нет: причины указаны
announcer-reading = Файлы читаются
announcer-choose = Выберите серию
announcer-no-number-since = Чисел нет. { $sentence }
announcer-finished = Готово: { $class }, поражено { $shares }.
announcer-finished-lungs = Готово. { $sentence }
announcer-both = { $share } обоих лёгких
announcer-right = { $share } правого лёгкого
announcer-left = { $share } левого лёгкого
announcer-compared =
    По сравнению с предыдущим исследованием ({ $date }): { $verdict }, поражение { $side ->
        [right] правого лёгкого
        [left] левого лёгкого
       *[both] обоих лёгких
    } было { $earlier }, стало { $later }, { $points }
announcer-compared-no-verdict = По сравнению с предыдущим исследованием ({ $date }): вывода нет: { $reason }.

## common

common-right-lung = Правое лёгкое
common-stopping = Остановка …
common-left-lung = Левое лёгкое
common-no-date = без даты
common-both = Оба
common-stop = Остановить
common-earlier-study = Предыдущее исследование
common-this-study = Это исследование
common-earlier-study-prefix = Предыдущее исследование:{" "}
common-stopped = Остановлено
common-cancel = Отмена
common-open-another-study = Открыть другое исследование
common-graphics-processor = Графический процессор
common-settings-and-help = Настройки и справка
common-processor = Процессор
common-copied = Скопировано.
common-pictures = Изображения
common-dismiss = Скрыть
common-lesions = Поражение
common-close = Закрыть

## comparison

comparison-refused = Предыдущее исследование не измерено, сравнивать не с чем. Причины перечислены ниже.
comparison-same-person = Сведения о пациенте в этих исследованиях расходятся. Это один и тот же пациент?
comparison-lungs-disagree = Изменения в двух лёгких противоположны и составляют не менее одного процентного пункта. Оцените каждое лёгкое отдельно.
comparison-offer = Откройте предыдущее исследование того же пациента, чтобы увидеть динамику.
comparison-stable-rule = Изменение меньше одного процентного пункта считается отсутствием динамики.
comparison-stopped-before = Предыдущее исследование остановлено до того, как было измерено.
comparison-waiting = Оба исследования измерены, сейчас будет сравнение.
comparison-refining = Предыдущее исследование уточняется дополнительными нейросетями.
comparison-refine = Уточнить предыдущее исследование теми же нейросетями
comparison-synthetic-dates = Или синтетический пациент на более раннюю дату:
comparison-pending = Предыдущее исследование измеряется.
comparison-caption = Доля поражения в обоих исследованиях
comparison-title = Динамика относительно предыдущего исследования
comparison-drop-here = Перетащите предыдущее исследование сюда
comparison-remove = Убрать предыдущее исследование
comparison-add = Добавить предыдущее исследование
comparison-confirm-same-person = Да, один и тот же пациент
comparison-change = Изменение
comparison-as-much-affected = когда поражение было таким же
comparison-more-affected = когда поражение было больше
comparison-less-affected = когда поражение было меньше
comparison-no-verdict = Вывода нет: { $reason }.
comparison-compared-by = Сравниваются { $tier } оценки обоих исследований.

## diagnostics

diagnostics-title = Диагностика
diagnostics-explanation = Если что-то не работает, скопируйте эти строки и отправьте тем, кто вам помогает. В них время, размеры, количества и коды, без имён, идентификаторов и названий файлов. Они нигде не сохраняются и никуда не отправляются.
diagnostics-lines = Строки диагностики
diagnostics-copy = Скопировать строки
diagnostics-refresh = Обновить
diagnostics-copied = Скопировано.
diagnostics-no-clipboard = Буфер обмена недоступен. Выделите строки и скопируйте их.

## drop_layer

drop-layer-not-opened = Файлы перетащены мимо полей. Ничего не открыто и не заменено.
drop-layer-replace-earlier = Открыть вместо предыдущего исследования
drop-layer-question = Куда относятся эти файлы?
drop-layer-replace = Открыть вместо этого исследования
drop-layer-add-earlier = Добавить как предыдущее исследование
drop-layer-open = Отпустите, чтобы открыть

## issues

issues-label = Неполадки исходных данных
issues-stop = Почему нет чисел ({ $count })
issues-warning = Что учесть при оценке чисел ({ $count })
issues-skip = Пропущенные файлы ({ $count })
issues-info = Полезно знать ({ $count })
issues-word-stop = Отказ:{" "}
issues-word-warning = Предупреждение:{" "}
issues-word-skip = Пропущено:{" "}
issues-word-info = Примечание:{" "}
issues-more-files =
    и ещё { $count ->
        [one] { $count } файл
        [few] { $count } файла
       *[other] { $count } файлов
    }

## keys

keys-arrows = Стрелка вверх / стрелка вниз
keys-one-slice = на один срез к голове / к ногам
keys-pages = Page Up / Page Down
keys-ten-slices = на десять срезов к голове / к ногам
keys-home-end = Home / End
keys-ends = к голове / к ногам
keys-plus-minus = + / −
keys-zoom-in-out = увеличить / уменьшить
keys-shift-arrow = Shift + стрелка
keys-pan = сдвинуть изображение
keys-zero = 0
keys-reset = весь срез, лёгочное окно
keys-question-mark = ?
keys-sheet = этот список
keys-wheel = Колесо вверх / вниз
keys-right-drag = Движение с правой кнопкой
keys-window = яркость и контраст
keys-pinch = Ctrl + колесо, щипок
keys-zoom = масштаб

## layout

language-short-name = РУ
language-name = Русский
layout-document-title = CoRSAI: поражение лёгких на КТ
layout-language = Язык
layout-computing-on = Настройки и справка. Вычисляет:{" "}
layout-theme = Тема
layout-theme-system = Как в системе
layout-theme-light = Светлая
layout-theme-dark = Тёмная
layout-printed = Измерено в CoRSAI { $version }, сборка { $build }. Напечатано { $date }.
layout-privacy-short = Без отправки
layout-privacy = Файлы остаются на этом компьютере
layout-subtitle = Поражение лёгких на КТ
layout-drop-another = Перетащите другое исследование сюда
layout-skip = Перейти к содержанию
layout-reading = Файлы читаются …
layout-cant-compute = Вычисление невозможно
layout-study = Исследование
layout-settings = Настройки
layout-findings = Результаты
layout-name = CoRSAI
layout-series = Серии
layout-or = или

## notices

notices-load-failed = Вычислительную часть этой страницы не удалось загрузить, или файл на сервере — не тот, с которым собрана страница. Проверьте соединение и перезагрузите страницу.
notices-unsupported = Этот браузер не может запустить вычислительную часть страницы (модуль worker). Используйте современный Chrome, Edge, Firefox или Safari.
notices-other-tab = Другая вкладка этой страницы тоже измеряет исследование. Оба измерения идут дольше, и памяти графического процессора может не хватить на оба.
notices-earlier-removed = Предыдущее исследование убрано. «Вернуть» откроет и измерит его снова.
notices-closed = Исследование закрыто. «Вернуть» откроет и измерит его снова.
notices-update = Есть более новая версия этой страницы.{" "}
notices-load-update = Загрузить
notices-undo = Вернуть

## privacy

privacy-requests-hint = Здесь запросы этой страницы по данным браузера. В списке нет запросов service worker: он один раз загружает файлы самой страницы, чтобы их сохранить, и время от времени проверяется, нет ли его новой версии (sw.js). Вычислительной части, которая читает исследование, запрещены любые запросы.
privacy-check-policy = Посмотрите там заголовки ответа worker.js: «connect-src 'none'» означает, что браузер не даёт части, которая читает исследование, ни к чему подключаться, что бы ни было в её коде.
privacy-check-requests = Или не отключайте её, откройте в браузере инструменты разработчика (F12) на вкладке «Сеть» до того, как открыть исследование, и наблюдайте: ни одной строки не прибавится. То же покажут другие программы, например Wireshark.
privacy-check-offline = Дождитесь загрузки нейросетей, отключите сеть (режим полёта) и откройте исследование. Оно всё равно будет измерено: ничего из нужного не покидает этот компьютер.
privacy-policy-unknown = Политику вычислительной части не удалось получить с сервера. Сам код ни к чему не подключается; соблюдает ли политику браузер, здесь неизвестно.
privacy-ready-no-copy = Сеть уже можно отключить: всё работает, пока открыта эта вкладка и не закрыто исследование. На следующий раз здесь ничего не сохраняется.
privacy-policy-missing = Этот сервер не передаёт политику, которая запрещает вычислительной части подключения. Сам код ни к чему не подключается, но браузер за этим не следит.
privacy-check-storage = На вкладке «Приложение» посмотрите, что сохранено: файлы самой страницы, веса нейросетей, выбранные вами шкала, языки и тема. Ничего из исследования.
privacy-policy-enforced = Сервер передаёт политику, которая запрещает вычислительной части подключения (connect-src 'none'), и браузер её соблюдает.
privacy-limits = Всё это не относится к расширениям браузера, операционной системе и к тому, что вы сами сохраняете или копируете со страницы.
privacy-stores-nothing = В этом браузере ничего не сохранено, и эта вкладка ничего не сохранит, пока страница не загружена заново.
privacy-ready-copying = Сеть уже можно отключить: всё работает. Страница ещё сохраняется на следующий раз.
privacy-ready = Сеть уже можно отключить: всё работает, и страница откроется снова без сети.
privacy-check-build = Соберите страницу из исходного кода и сравните контрольные суммы с теми, на которые дана ссылка выше.
privacy-networks-loading = Нейросети ещё загружаются. Не отключайте сеть, пока они не загружены.
privacy-storage-unknown = Этот браузер не сообщает, что сохранено. Из исследования не сохраняется ничего.
privacy-requests-unknown = Этот браузер не показывает запросы страницы.
privacy-no-request = С открытия исследования запросов не было.
privacy-no-violation = Политике ещё нечего было остановить.
privacy-weights = SHA-256 и лицензии весов
privacy-nothing-stored = В этом браузере ничего не сохранено.
privacy-how-to-check = Как проверить, что ничего не отправляется
privacy-delete-and-reload = Удалить и перезагрузить страницу
privacy-no-study-yet = Исследование ещё не открывали.
privacy-title = Конфиденциальность и как её проверить
privacy-licences = Лицензии кода и весов
privacy-policy = За чем следит браузер
privacy-requests = Запросы этой страницы
privacy-delete = Удалить всё сохранённое
privacy-checksums = Контрольные суммы всех файлов
privacy-from-browser = из этого браузера
privacy-sbom = Все составные части (SBOM)
privacy-storage = Что сохранено
privacy-parts = Что здесь работает
privacy-manifest = Манифест
privacy-build = Сборка
privacy-requests-own =
    С открытия исследования: { $requests ->
        [one] { $requests } запрос
        [few] { $requests } запроса
       *[other] { $requests } запросов
    }, только за файлами самой страницы.
privacy-requests-foreign =
    С открытия исследования: { $requests ->
        [one] { $requests } запрос
        [few] { $requests } запроса
       *[other] { $requests } запросов
    }, не только за файлами самой страницы.
privacy-all-requests =
    { $requests ->
        [one] { $requests } запрос
        [few] { $requests } запроса
       *[other] { $requests } запросов
    } с открытия страницы
privacy-all-requests-newest =
    { $requests ->
        [one] { $requests } запрос
        [few] { $requests } запроса
       *[other] { $requests } запросов
    } с открытия страницы; показаны последние: { $listed }
privacy-request-time = { $seconds } с
privacy-violations = Политика остановила: { $directives }.
privacy-stored =
    Сохранено в этом браузере: { $weights ->
        [one] { $weights } файл
        [few] { $weights } файла
       *[other] { $weights } файлов
    } весов, { $page ->
        [one] { $page } файл
        [few] { $page } файла
       *[other] { $page } файлов
    } самой страницы, настройки: { $settings }.
privacy-stored-no-settings = нет
privacy-stored-bytes = Всего { $size }.
privacy-stored-no-study = Ничего из исследования.

## progress

progress-stalled = Уже минуту нет продвижения. Можно подождать или остановить измерение.
progress-worker-stopped = Вычислительная часть этой страницы остановилась. Числа сохраняются.
progress-stopped-by-person = Вы остановили измерение. Готовое сохраняется.
progress-listing = Просматривается папка
progress-pictures-lost = Изображения утрачены
progress-measure-again = Измерить снова
progress-progress = Ход измерения
progress-force-stop = Остановить измерение
progress-busy = Идёт работа
progress-done = Готово
progress-stage-reading = Чтение файлов
progress-stage-decoding = Распаковка срезов
progress-stage-weights = Загрузка нейросетей
progress-stage-device = Выбор устройства
progress-stage-lungs = Поиск лёгких
progress-stage-lesions = Поиск поражения
progress-stage-refining = Голосуют дополнительные нейросети
progress-file = файл { $done } из { $total }
progress-step = шаг { $done } из { $total }
progress-slice = срез { $done } из { $total }
progress-run = проход { $done } из { $total }
progress-bytes = { $bytes } из { $total }
progress-loading = загружается нейросеть: { $bytes } из { $total }
progress-files-found =
    { $files ->
        [one] { $files } файл
        [few] { $files } файла
       *[other] { $files } файлов
    }

## refinement

refinement-further-networks = Дополнительные нейросети
refinement-range = от { $low } до { $high }
refinement-still-possible = Оба лёгких: ещё возможно { $range }.
refinement-still-possible-class = Оба лёгких: ещё возможно { $range }, уже не меньше { $class }.
refinement-single-networks = Отдельные нейросети: { $range } обоих лёгких.
refinement-borderline = На границе: у нейросетей получаются разные степени.
refinement-quick =
    Быстрая оценка, { $networks ->
        [one] { $networks } нейросеть поражения
        [few] { $networks } нейросети поражения
       *[other] { $networks } нейросетей поражения
    }
refinement-standard =
    Стандартная оценка, { $networks ->
        [one] { $networks } нейросеть поражения
        [few] { $networks } нейросети поражения
       *[other] { $networks } нейросетей поражения
    }
refinement-full =
    Полная оценка, { $networks ->
        [one] { $networks } нейросеть поражения
        [few] { $networks } нейросети поражения
       *[other] { $networks } нейросетей поражения
    }
refinement-refine =
    Уточнить: ещё { $networks ->
        [one] { $networks } нейросеть
        [few] { $networks } нейросети
       *[other] { $networks } нейросетей
    } ({ $size })
refinement-restoring = Изображения восстанавливаются: { $stage }

## series

series-advice = Точнее всего измерение по серии тонких срезов всей грудной клетки с лёгочным ядром свёртки.
series-to-look-at = Эти изображения нельзя измерить. Их можно только посмотреть.
series-none-can = Ни одну из этих серий нельзя измерить
series-this-can = Эту серию можно измерить
series-one-can = Одну из этих серий можно измерить
series-which = Какую серию измерить?
series-another-may = Можно измерить другую серию
series-unusable = Нельзя измерить
series-measure-this = Измерить эту
series-slices =
    { $slices ->
        [one] { $slices } срез
        [few] { $slices } среза
       *[other] { $slices } срезов
    }
series-apart = через { $distance }
series-thick = толщина { $thickness }
series-without-description = Серия без описания
series-measure = Измерить эту: { $name }
series-measure-instead = Измерить эту вместо показанной: { $name }
series-found = Найденные серии ({ $count })
series-others-found = Другие найденные серии ({ $count })
series-synthetic = синтетическая

## settings

settings-not-chosen = Устройство выбирается по пробному срезу, когда открыто первое исследование.
settings-dpn-3d-hint = DPN трёх проекций вместо одних аксиальных.
settings-full-run-hint = И там, где голосование уже решено. Маски те же, но дольше.
settings-standard-hint = Сначала быстрая оценка, затем голосуют несколько нейросетей.
settings-automatic-hint = Более быстрое из устройств, которые верно вычисляют пробный срез.
settings-paper-vote-hint = Вместо порогов, подобранных для этих нейросетей.
settings-options = Объём вычислений, со следующего исследования
settings-device-later = Изменение действует со следующего исследования.
settings-graphics-processor-hint = WebGPU, даже если он эмулируется.
settings-processor-hint = WebAssembly на нескольких ядрах.
settings-full-run = Каждая нейросеть на каждом срезе
settings-full-hint = Все нейросети.
settings-paper-vote = Пороги из статьи
settings-quick-hint = Одна нейросеть поражения.
settings-device = Где вычислять
settings-keys = Клавиши и мышь
settings-quick = Быстрая оценка
settings-test-slice = Пробный срез
settings-automatic = Автоматически
settings-standard = Стандартная
settings-dpn-3d = DPN-3D
settings-in-use = Используется
settings-full = Полная
settings-why = Почему
settings-test-slice-figures = { $time } мс, наибольшее относительное отклонение { $deviation }

## severity

severity-pending = считается
severity-caveat = В статье доли модели были в среднем на 12 пунктов ниже, чем у рентгенологов (средняя ошибка −0,12): врач может видеть заметно больше, чем измерено здесь.
severity-lesions-pending = Лёгкие измерены. Идёт поиск поражения; затем появятся доля и степень КТ.
severity-lesions-missing = Лёгкие измерены. Поражение не измерено, поэтому нет ни доли, ни степени КТ.
severity-caption = Объёмы в миллилитрах и доля поражения каждого лёгкого
severity-run-stopped = Измерение остановлено. Это последние полученные числа.
severity-no-clipboard = Буфер обмена недоступен; текст ниже.
severity-earlier-pending = У показанного предыдущего исследования ещё нет чисел.
severity-early-stop = на каждом срезе остановлено, как только решено
severity-no-names = Ни там, ни там нет имён, идентификаторов и названий файлов.
severity-unfinished = Не закончено: эти числа ещё могут измениться.
severity-full-run = каждая нейросеть на каждом срезе с лёгкими
severity-earlier-not-measured = Предыдущее исследование не измерено.
severity-slices = Срезы, на которых искали поражение
severity-voxel = Воксель (строка, столбец, срез), мм
severity-not-saved = Отчёт не удалось сохранить.
severity-earlier-title = Степень поражения в предыдущем исследовании
severity-not-measured = Это исследование не измерено.
severity-both-compare = {" "}Сравнение есть и там, и там.
severity-scale = Шкала степени КТ
severity-report-language = Язык отчёта и сводки
severity-report-language-page = Как у страницы
severity-save = Сохранить отчёт (JSON)
severity-memory = Память, не более
severity-copy = Скопировать сводку
severity-lesion-volume = Поражение, мл
severity-volume = Объём, мл
severity-no-number = Чисел нет
severity-guideline = Рекомендации
severity-title = Степень поражения
severity-networks = Нейросети
severity-summary = Сводка
severity-device = Устройство
severity-panel = Группа врачей
severity-share = Доля
severity-right-letter = П
severity-left-letter = Л
severity-vote = Голосование
severity-class-on = Степень КТ: { $scale }
severity-computed =
    Вычислено за { $time }, { $networks ->
        [one] { $networks } нейросеть
        [few] { $networks } нейросети
       *[other] { $networks } нейросетей
    }
severity-lung-slices = { $with }; срезов без лёгких, которым нейросети не нужны: { $without }
severity-network-slices =
    × { $slices ->
        [one] { $slices } срез
        [few] { $slices } среза
       *[other] { $slices } срезов
    }, веса

## start

start-lead = Откройте КТ органов грудной клетки. Эта страница находит на каждом срезе лёгкие и поражение при COVID‑19, измеряет их в миллилитрах и определяет долю поражения каждого лёгкого и степень КТ.
start-problems-why = {" "}Пропущенные срезы, необычная геометрия и нечитаемые файлы указаны рядом с числами; если исследование нельзя измерить, чисел нет.
start-no-upload-why = {" "}Изображения читаются и обрабатываются на этом компьютере, на этой странице, и исчезают, когда она закрыта.
start-synthetic-hint = Нет КТ под рукой? Синтетическая грудная клетка с известным поражением создаётся на странице, ничего не загружая.
start-no-device-why = {" "}Только для исследований и демонстрации; нейросети могут ошибаться. Проверяйте контуры.
start-networks-failed = Нейросети пока не удалось загрузить. Страница попробует снова, когда они понадобятся.
start-drop-here = Перетащите сюда папку, файлы или архив
start-kinds = DICOM, в том числе в архивах (.zip, .tar, .gz, .tar.gz), или NIfTI (.nii, .nii.gz)
start-title = Какая доля лёгких поражена?
start-no-device = Не является медицинским изделием.
start-synthetic = Открыть синтетическое исследование
start-no-upload = Ничего не отправляется.
start-problems = Показана каждая неполадка.
start-open = Открыть исследование
start-or = или
start-choose-folder = Выбрать папку
start-choose-files = Выбрать файлы
start-networks-loaded = Нейросети загружены ({ $size }).
start-networks-loaded-not-kept = Нейросети загружены ({ $size }). На следующий раз они не сохраняются.
start-networks-loading = Загрузка нейросетей: { $bytes } из { $size }.

## viewer

viewer-lost = Измерьте исследование снова, чтобы увидеть этот срез.
viewer-no-picture = Изображения нет.
viewer-not-read = Этот срез не прочитан.
viewer-patients-right = правая сторона пациента
viewer-patients-left = левая сторона пациента
viewer-in-right-lung = {" "}· правое лёгкое
viewer-in-left-lung = {" "}· левое лёгкое
viewer-posterior = сзади
viewer-in-lesion = {" "}· поражение
viewer-loading = Загрузка …
viewer-anterior = спереди
viewer-anterior-letter = A
viewer-posterior-letter = P
viewer-right-letter = R
viewer-left-letter = L
viewer-tab-earlier = Предыдущее
viewer-tab-this = Это
viewer-study-on-screen = Исследование на экране
viewer-slice = Срез
viewer-feet = Ноги
viewer-head = Голова
viewer-window-hint = Двигайте, чтобы изменить яркость и контраст (также с правой кнопкой)
viewer-most-lesions-hint = Перейти к срезу с наибольшей площадью поражения
viewer-move-hint = Двигайте, чтобы сдвинуть изображение (также с Shift)
viewer-scroll-hint = Двигайте вверх и вниз, чтобы листать срезы
viewer-reset-hint = Весь срез, лёгочное окно
viewer-disagreement = Нейросети расходятся
viewer-most-lesions = Больше всего поражения
viewer-mediastinum = Средостение
viewer-dragging = Движение мыши
viewer-zoom-out = Уменьшить
viewer-overlays = Наложения
viewer-zoom-in = Увеличить
viewer-scroll = Листать
viewer-window = Окно
viewer-level = Уровень
viewer-width = Ширина
viewer-reset = Сбросить
viewer-move = Сдвинуть
viewer-lung = Лёгкие
viewer-zoom = Масштаб
viewer-no-picture-yet = Изображения ещё нет
viewer-earlier-study-of = Предыдущее исследование · { $date }
viewer-this-study-of = Это исследование · { $date }
viewer-slice-description = Аксиальный срез КТ { $slice } из { $count }
viewer-slice-description-earlier = Предыдущее исследование, аксиальный срез КТ { $slice } из { $count }
viewer-with-lesions = { $description }, на срезе есть поражение
viewer-without-lesions = { $description }, на срезе нет поражения
viewer-slice-position = срез { $slice } из { $count }
viewer-slice-position-at = срез { $slice } из { $count }, { $position }
viewer-opacity = { $overlay }: непрозрачность в процентах

## device

device-settings = Так указано в настройках.
device-no-adapter = Этот браузер не предоставляет графического процессора для вычислений.
device-insecure-context = Странице, переданной не по https, браузеры не предоставляют графический процессор.
device-built-without-gpu = Эта часть страницы собрана для браузера без графического процессора.
device-software-adapter = Графический процессор эмулируется программно ({ $adapter }), поэтому не используется.
device-no-timestamps = У графического процессора нет меток времени, которые нужны для вычислений.
device-no-device = Браузер не смог открыть графический процессор.
device-unsuitable = У графического процессора нет того, что нужно для вычислений.
device-self-test-failed = Графический процессор неверно вычислил известный срез.
device-lost = Графический процессор стал недоступен.
device-cpu-faster = Он быстрее графического процессора, которому нужно { $time } мс на срез.
device-gpu-faster = Он быстрее процессора, которому нужно около { $time } мс на срез.
device-reopened-after-loss = Он стал недоступен и был открыт снова.
device-reopened-without-half = Он открыт снова без f16: с f16 известный срез вычислен неверно.
device-half-failed = Он используется без f16: с f16 известный срез вычислен неверно.

## summary: отчёт словами, чтобы вставить его в текст

summary-title = КТ органов грудной клетки, автоматическое измерение
summary-date = Исследование от { $date }
summary-date-unknown = дата неизвестна
summary-both-lungs = Оба лёгких
summary-lung = { $lung }: { $volume } мл, поражение { $lesions } мл, доля { $share }
summary-lung-not-measured = { $lung }: { $volume } мл, поражение не измерено
summary-class = { $class } ({ $scale })
summary-compared = По сравнению с предыдущим исследованием ({ $earlier } → { $later }): { $verdict }.
summary-no-verdict = вывода нет
summary-no-verdict-since = вывода нет: { $reason }
summary-change = { $lung }: { $earlier } → { $later }, { $points }
summary-change-without-points = { $lung }: { $earlier } → { $later }
summary-lungs-disagree = Изменения в двух лёгких противоположны.
summary-note = Примечание: { $sentence }
summary-computed = Вычислено в браузере ({ $device }) за { $time }.
