# An issue's sentences, and what was found: sizes, counts and reasons.

issue-sentences = { $what } { $advice }
issue-sentences-found = { $what } Found: { $found }. { $advice }
issue-earlier-study = The earlier study: { $sentences }
found-separator = {", "}

## Files and folders that could not be opened

unopened-files =
    { $files } of { $total ->
        [one] { $total } file
       *[other] { $total } files
    } could not be opened
unopened-folders =
    { $folders ->
        [one] { $folders } folder
       *[other] { $folders } folders
    } could not be looked through
unopened-both = { $files }, and { $folders }
unopened-nothing = { $what }: there is nothing to measure. { $advice }
unopened-some = { $what }: slices may be missing. { $advice }
unopened-to-do = Copy the study to a folder of this computer with a short path and open it again, or open it with “Choose folder”.

## Counts

count-files =
    { $count ->
        [one] { $count } file
       *[other] { $count } files
    }
count-images =
    { $count ->
        [one] { $count } image
       *[other] { $count } images
    }
count-not-axial = { $count } not axial
count-copies =
    { $count ->
        [one] { $count } copy
       *[other] { $count } copies
    }
count-renamed-copies =
    { $count ->
        [one] { $count } copy
       *[other] { $count } copies
    } under other identifiers
count-described-frames =
    { $count ->
        [one] { $count } frame
       *[other] { $count } frames
    } described
count-shared-positions =
    { $count ->
        [one] { $count } position
       *[other] { $count } positions
    } with several images
more-than-files =
    more than { $limit ->
        [one] { $limit } file
       *[other] { $limit } files
    }
more-than-images =
    more than { $limit ->
        [one] { $limit } image
       *[other] { $limit } images
    }

## What was found, by its kind

found-at-least = { $count }, at least { $needed } needed
found-more-than-bytes = more than { $limit }
found-part = { $count } of { $total }
found-used = { $count } of { $total } images used
found-listed = { $listed } listed, { $present } found
found-volume-size = { $slices } slices of { $columns } × { $rows }, { $size } as a volume, where { $limit } are the most
found-image-size = { $columns } × { $rows } pixels
found-bits = { $stored } bits in { $allocated }
found-gap = { $missing } of { $total }; the widest gap is { $widest } mm, after slice { $after }
found-distance = { $distance } mm
found-distances = { $least } to { $greatest } mm
found-angle = { $degrees }°
found-lowest-hu = the lowest value is { $hu }, and air is −1000
found-densities = { $air } % air, { $soft } % soft tissue, { $bone } % bone
found-lung =
    { $side ->
        [right] the right one
       *[left] the left one
    }
found-missing-lung =
    no { $side ->
        [right] right
       *[left] left
    } lung in the { $study ->
        [earlier] earlier
       *[later] later
    } study
found-lung-volumes =
    { $side ->
        [right] right
       *[left] left
    } lung { $earlier } mL in the earlier study and { $later } mL in the later one
found-identifiers = different values of { $identifiers }
found-picture-sides = lung at { $sides }
found-upper-end = lung at the upper end
found-lower-end = lung at the lower end
found-both-ends = lung at the lower and the upper end
found-lung-volume = { $volume } mL in both lungs
found-lesion-volume = { $lesions } mL in { $lungs } mL of lung
found-slice-distances = slice distance { $previous } mm and { $current } mm
found-slice-thicknesses = slice thickness { $previous } mm and { $current } mm
found-tube-voltages = tube voltage { $previous } kV and { $current } kV
found-both-lung-volumes = another depth of breath: both lungs hold { $earlier } mL in the earlier study and { $later } mL in the later one
found-series-taken = series { $number } of { $total } was taken
found-series-number =
    number { $number }, where there { $total ->
        [one] is one
       *[other] are { $total }
    }
found-deviation = a deviation of { $deviation }
found-reduced = { $read } in place of { $whole }
found-reduced-size = { $slices } slices of { $columns } × { $rows }
found-lung-quartile = a quarter of the lungs is below { $hu } HU, in the validation below { $validated } HU
found-noise = noise of { $hu } HU in soft tissue, in the validation at most { $validated } HU
found-share-range = { $least } to { $greatest } % of both lungs
found-megabytes = { $size } MB

## Identifiers

identifier-study = Study Instance UID
identifier-series = Series Instance UID
identifier-frame-of-reference = Frame of Reference UID
identifier-patient = Patient ID
identifier-person = the patient's name, birth date or sex

## Sides of the pictures, from the patient's point of view

picture-side-right = the right side
picture-side-left = the left side
picture-side-front = the front
picture-side-back = the back
picture-side-circle = the border of the scanner's circle

## Reasons without numbers

reason-shifted-sideways = slices shifted sideways against one another
reason-skewed-axes = rows and columns are not at right angles
reason-no-rotation = the directions of rows and columns are not at right angles, or have no length
reason-unexpected-signs = signed samples where the header says unsigned
reason-lookup-table = a table in place of a slope
reason-other-unit = another unit
reason-missing-number = a number that describes the image is missing
reason-several-samples = several samples a pixel
reason-decoder-stopped = the decoder stopped over it
reason-other-kernel = another convolution kernel
reason-contrast-in-one = contrast medium in one study and not in the other
reason-several-kernels = several convolution kernels
reason-several-voltages = several tube voltages
reason-contrast-on-some = contrast medium on some slices alone
reason-no-patient-in-both = missing in both studies
reason-no-patient-in-one = missing in one of the two studies
reason-other-patient-id = another Patient ID
reason-other-birth-date = another birth date
reason-other-sex = another sex
reason-other-name = another name
reason-same-name-and-birth-date = name and birth date are the same
reason-patient-confirmed = confirmed to be of one person
reason-no-answer = no answer
reason-no-file = no file
