# The page, by its parts.

## announcer

announcer-no-number = No number: see the reasons
announcer-reading = Reading the files
announcer-choose = Choose a series
announcer-no-number-since = No number. { $sentence }
announcer-finished = Finished: { $class }, affected: { $shares }.
announcer-finished-lungs = Finished. { $sentence }
announcer-both = { $share } of both lungs
announcer-right = { $share } of the right lung
announcer-left = { $share } of the left lung
announcer-compared =
    Compared with the earlier study ({ $date }): { $verdict }, from { $earlier } to { $later } of { $side ->
        [right] the right lung
        [left] the left lung
       *[both] both lungs
    }, { $points }.
announcer-compared-no-verdict = Compared with the earlier study ({ $date }): no verdict, since { $reason }.

## common

common-right-lung = Right lung
common-stopping = Stopping …
common-left-lung = Left lung
common-no-date = no date
common-both = Both
common-stop = Stop
common-earlier-study = Earlier study
common-this-study = This study
common-earlier-study-prefix = Earlier study:{" "}
common-stopped = Stopped
common-cancel = Cancel
common-open-another-study = Open another study
common-graphics-processor = Graphics processor
common-settings-and-help = Settings and help
common-processor = Processor (CPU)
common-copied = Copied.
common-pictures = Pictures
common-dismiss = Dismiss
common-lesions = Lesions
common-close = Close

## comparison

comparison-refused = The earlier study was not measured, so there is nothing to compare. The reasons are listed below.
comparison-same-person = These studies disagree about who the patient is. Are they of the same person?
comparison-lungs-disagree = The two lungs changed in opposite directions by a percentage point or more. Look at each lung.
comparison-offer = Open an earlier study of the same patient to see whether the lungs got better.
comparison-stable-rule = A change of less than one percentage point counts as stable.
comparison-stopped-before = The earlier study was stopped before it was measured.
comparison-waiting = Both studies are measured; the comparison follows.
comparison-refining = The earlier study is being refined with more networks.
comparison-refine = Refine the earlier study with the same networks
comparison-synthetic-dates = Or the synthetic patient at an earlier date:
comparison-pending = The earlier study is being measured.
comparison-caption = Affected share in both studies
comparison-title = Change since an earlier study
comparison-drop-here = Drop the earlier study here
comparison-remove = Remove the earlier study
comparison-add = Add an earlier study
comparison-confirm-same-person = Yes, the same person
comparison-change = Change
comparison-as-much-affected = when as much was affected
comparison-more-affected = when more was affected
comparison-less-affected = when less was affected
comparison-no-verdict = There is no verdict: { $reason }.
comparison-compared-by = Compared by the { $tier } answers of both studies.

## diagnostics

diagnostics-title = Diagnostics
diagnostics-explanation = If something goes wrong, copy these lines and send them to those who help you. They hold times, sizes, counts and codes, and no name, identifier or file name. They are not stored or sent.
diagnostics-lines = Diagnostic lines
diagnostics-copy = Copy the lines
diagnostics-refresh = Refresh
diagnostics-copied = Copied.
diagnostics-no-clipboard = The clipboard is not available. Select the lines and copy them.

## drop_layer

drop-layer-not-opened = They were dropped outside the fields. Nothing was opened or replaced.
drop-layer-replace-earlier = Open in place of the earlier study
drop-layer-question = Where do these files belong?
drop-layer-replace = Open in place of this study
drop-layer-add-earlier = Add as the earlier study
drop-layer-open = Drop to open

## issues

issues-label = Problems with the input
issues-stop = Why there is no number ({ $count })
issues-warning = To keep in mind with the numbers ({ $count })
issues-skip = Files passed over ({ $count })
issues-info = Good to know ({ $count })
issues-word-stop = Stop:{" "}
issues-word-warning = Warning:{" "}
issues-word-skip = Passed over:{" "}
issues-word-info = Note:{" "}
issues-more-files =
    and { $count ->
        [one] { $count } other
       *[other] { $count } others
    }

## keys

keys-arrows = Arrow up / Arrow down
keys-one-slice = one slice towards the head / the feet
keys-pages = Page Up / Page Down
keys-ten-slices = ten slices towards the head / the feet
keys-home-end = Home / End
keys-ends = to the head / the feet
keys-plus-minus = + / −
keys-zoom-in-out = zoom in / out
keys-shift-arrow = Shift + arrow
keys-pan = move the picture
keys-zero = 0
keys-reset = whole slice, lung window
keys-question-mark = ?
keys-sheet = this list
keys-wheel = Wheel up / down
keys-right-drag = Right button, drag
keys-window = brightness and contrast
keys-pinch = Ctrl + wheel, pinch
keys-zoom = zoom

## layout

language-short-name = EN
language-name = English
layout-document-title = CoRSAI: lung lesions on chest CT
layout-language = Language
layout-computing-on = Settings and help. Computing on:{" "}
layout-theme = Theme
layout-theme-system = As the system
layout-theme-light = Light
layout-theme-dark = Dark
layout-printed = Measured by CoRSAI { $version }, build { $build }. Printed on { $date }.
layout-privacy-short = No upload
layout-privacy = Files stay on this computer
layout-subtitle = Lung lesions on chest CT
layout-drop-another = Drop another study here
layout-skip = Skip to the content
layout-reading = Reading the files …
layout-cant-compute = Can't compute
layout-study = The study
layout-settings = Settings
layout-findings = Findings
layout-name = CoRSAI
layout-series = Series
layout-or = or

## notices

notices-load-failed = The computing part of this page could not be loaded, or the host's file isn't the one that this page was built with. Check the connection and reload the page.
notices-unsupported = This browser can't start the computing part of this page (a module worker). Use a current Chrome, Edge, Firefox or Safari.
notices-other-tab = Another tab of this page is measuring a study, too. Both take longer, and the graphics processor's memory may not be enough for both.
notices-earlier-removed = The earlier study was removed. Undo opens and measures it again.
notices-closed = The study was closed. Undo opens and measures it again.
notices-update = There is a newer version of this page.{" "}
notices-load-update = Load it
notices-undo = Undo

## privacy

privacy-requests-hint = The browser lists this page's requests here. It does not list those of the service worker, which fetches the page's own files once to keep them, and is itself looked up now and then for a newer version (sw.js). The computing part, which reads the study, is forbidden any request.
privacy-check-policy = Look at the response headers of worker.js there: “connect-src 'none'” means that the browser lets the part that reads the study connect to nothing, whatever its code says.
privacy-check-requests = Or leave it on, open the browser's developer tools (F12) at “Network” before you open a study, and watch: no line is added. Other programs see it too, Wireshark for one.
privacy-check-offline = Wait until the networks are loaded, switch the network off (flight mode), and open a study. It is measured all the same: nothing that leaves this computer is needed.
privacy-policy-unknown = The policy of the computing part couldn't be read from the host. The code makes no connection; whether the browser enforces it isn't known here.
privacy-ready-no-copy = Switch your network off now: it still works as long as this tab is open and the study isn't closed. Nothing is kept here for a later visit.
privacy-policy-missing = This host does not send the policy that forbids the computing part any connection. The code makes none, but here nothing enforces it.
privacy-check-storage = Under “Application” look at what is stored: the page's own files, the networks' weights, and what you chose of scale, languages and theme. Nothing of a study.
privacy-policy-enforced = The host sends the policy that forbids the computing part any connection (connect-src 'none'), and the browser enforces it.
privacy-limits = None of this covers browser extensions, the operating system, and what you save or copy out of the page yourself.
privacy-stores-nothing = Nothing is stored in this browser, and this tab will store nothing until you load the page again.
privacy-ready-copying = Switch your network off now: it still works. The page is still being kept for a later visit.
privacy-ready = Switch your network off now: it still works, and the page opens again without a network.
privacy-check-build = Build the page from its source and compare the checksums with those linked above.
privacy-networks-loading = The networks are still loading. Keep the network on until they are loaded.
privacy-storage-unknown = This browser doesn't tell what is stored. Nothing of a study is stored.
privacy-requests-unknown = This browser doesn't list the page's requests.
privacy-no-request = Since a study was opened: no request.
privacy-no-violation = The policy has had nothing to stop.
privacy-weights = SHA-256 and licences of the weights
privacy-nothing-stored = Nothing is stored in this browser.
privacy-how-to-check = How to check that nothing is sent
privacy-delete-and-reload = Delete it and reload the page
privacy-no-study-yet = No study has been opened yet.
privacy-title = Privacy, and how to check it
privacy-licences = Licences of code and weights
privacy-policy = What the browser enforces
privacy-requests = Requests of this page
privacy-delete = Delete everything stored
privacy-checksums = Checksums of every file
privacy-from-browser = from this browser
privacy-sbom = All parts (SBOM)
privacy-storage = What is stored
privacy-parts = What runs here
privacy-manifest = Manifest
privacy-build = Build
privacy-requests-own =
    Since a study was opened: { $requests ->
        [one] { $requests } request
       *[other] { $requests } requests
    }, each for one of this page's own files.
privacy-requests-foreign =
    Since a study was opened: { $requests ->
        [one] { $requests } request
       *[other] { $requests } requests
    }, not all of them for this page's own files.
privacy-all-requests =
    { $requests ->
        [one] { $requests } request
       *[other] { $requests } requests
    } since the page was opened
privacy-all-requests-newest =
    { $requests ->
        [one] { $requests } request
       *[other] { $requests } requests
    } since the page was opened; the newest { $listed }
privacy-request-time = { $seconds } s
privacy-violations = The policy has stopped: { $directives }.
privacy-stored =
    Stored in this browser: { $weights ->
        [one] { $weights } file
       *[other] { $weights } files
    } of weights, { $page ->
        [one] { $page } file
       *[other] { $page } files
    } of the page itself, settings: { $settings }.
privacy-stored-no-settings = none
privacy-stored-bytes = { $size } in all.
privacy-stored-no-study = Nothing of a study.

## progress

progress-stalled = There has been no progress for a minute. You can wait, or stop the run.
progress-worker-stopped = The computing part of this page has stopped. The numbers stay.
progress-stopped-by-person = You stopped the measurement. What was finished stays.
progress-listing = Looking through the folder
progress-pictures-lost = Pictures lost
progress-measure-again = Measure again
progress-progress = Progress
progress-force-stop = Stop the run
progress-busy = Busy
progress-done = Done
progress-stage-reading = Reading files
progress-stage-decoding = Decoding slices
progress-stage-weights = Loading the networks
progress-stage-device = Choosing where to compute
progress-stage-lungs = Finding the lungs
progress-stage-lesions = Finding lesions
progress-stage-refining = More networks are voting
progress-file = file { $done } of { $total }
progress-step = step { $done } of { $total }
progress-slice = slice { $done } of { $total }
progress-run = run { $done } of { $total }
progress-bytes = { $bytes } of { $total }
progress-loading = loading a network: { $bytes } of { $total }
progress-files-found =
    { $files ->
        [one] { $files } file
       *[other] { $files } files
    }

## refinement

refinement-further-networks = Further networks
refinement-range = { $low } to { $high }
refinement-still-possible = Both lungs: { $range } still possible.
refinement-still-possible-class = Both lungs: { $range } still possible, already at least { $class }.
refinement-single-networks = Single networks: { $range } of both lungs.
refinement-borderline = Borderline: they fall into different classes.
refinement-quick =
    Quick answer of { $networks ->
        [one] { $networks } lesion network
       *[other] { $networks } lesion networks
    }
refinement-standard =
    Standard answer of { $networks ->
        [one] { $networks } lesion network
       *[other] { $networks } lesion networks
    }
refinement-full =
    Full answer of { $networks ->
        [one] { $networks } lesion network
       *[other] { $networks } lesion networks
    }
refinement-refine =
    Refine with { $networks ->
        [one] { $networks } more network
       *[other] { $networks } more networks
    } ({ $size })
refinement-restoring = Restoring the pictures: { $stage }

## series

series-advice = A thin-slice series of the whole chest with a lung kernel gives the best measurement.
series-to-look-at = These pictures can't be measured. They are only to look at.
series-none-can = None of these series can be measured
series-this-can = This series can be measured
series-one-can = One of these series can be measured
series-which = Which series should be measured?
series-another-may = Another series may be measured
series-unusable = Can't be measured
series-measure-this = Measure this
series-slices =
    { $slices ->
        [one] { $slices } slice
       *[other] { $slices } slices
    }
series-apart = { $distance } apart
series-thick = { $thickness } thick
series-without-description = Series without a description
series-measure = Measure this: { $name }
series-measure-instead = Measure this instead: { $name }
series-found = Series found ({ $count })
series-others-found = Other series found ({ $count })
series-synthetic = synthetic

## settings

settings-not-chosen = The device is chosen with a test slice when the first study is opened.
settings-dpn-3d-hint = The DPNs of three projections in place of the axial ones alone.
settings-full-run-hint = Also where the vote is already decided. The masks are the same and take longer.
settings-standard-hint = The quick answer first, then several networks vote.
settings-automatic-hint = The faster device that computes a test slice correctly.
settings-paper-vote-hint = In place of the thresholds that were chosen for these networks.
settings-options = How much to compute, from the next study on
settings-device-later = A change applies from the next study on.
settings-graphics-processor-hint = WebGPU, even where it is emulated.
settings-processor-hint = WebAssembly on several cores.
settings-full-run = Every network on every slice
settings-full-hint = All networks.
settings-paper-vote = The paper's thresholds
settings-quick-hint = One lesion network.
settings-device = Where to compute
settings-keys = Keys and mouse
settings-quick = Quick answer
settings-test-slice = Test slice
settings-automatic = Automatic
settings-standard = Standard
settings-dpn-3d = DPN-3D
settings-in-use = In use
settings-full = Full
settings-why = Why
settings-test-slice-figures = { $time } ms, largest relative deviation { $deviation }

## severity

severity-pending = pending
severity-caveat = In the paper, the model's shares were on average 12 points below the radiologists' (mean error −0.12): a reader may well see more than is measured here.
severity-lesions-pending = The lungs are measured. Lesions are being searched for; share and CT-class follow.
severity-lesions-missing = The lungs were measured. Lesions were not, so there is no share and no CT-class.
severity-caption = Volumes in millilitres and share of each lung that is affected
severity-run-stopped = The run was stopped. These are its last numbers.
severity-no-clipboard = The clipboard is not available; the text is below.
severity-earlier-pending = The earlier study, on screen, has no numbers yet.
severity-early-stop = stopped on each slice as soon as it was decided
severity-no-names = Neither holds names, identifiers or file names.
severity-unfinished = Not finished: these numbers may still change.
severity-full-run = every network on every slice with lung
severity-earlier-not-measured = The earlier study was not measured.
severity-slices = Slices searched for lesions
severity-voxel = Voxel (row, column, slice), mm
severity-not-saved = The report could not be saved.
severity-earlier-title = Severity in the earlier study
severity-not-measured = This study was not measured.
severity-both-compare = {" "}Both hold the comparison.
severity-scale = Scale of the CT-class
severity-report-language = Language of report and summary
severity-report-language-page = As the page
severity-save = Save report (JSON)
severity-memory = Memory, at most
severity-copy = Copy summary
severity-lesion-volume = Lesions, mL
severity-volume = Volume, mL
severity-no-number = No number
severity-guideline = Guideline
severity-title = Severity
severity-networks = Networks
severity-summary = Summary
severity-device = Device
severity-panel = Panel
severity-share = Share
severity-right-letter = R
severity-left-letter = L
severity-vote = Vote
severity-class-on = CT-class on the { $scale }
severity-computed =
    Computed in { $time } with { $networks ->
        [one] { $networks } network
       *[other] { $networks } networks
    }
severity-lung-slices = { $with }; { $without } without lung needed no network
severity-network-slices =
    × { $slices ->
        [one] { $slices } slice
       *[other] { $slices } slices
    }, weights

## start

start-lead = Open a chest CT. This page finds the lungs and COVID‑19 lesions on every slice, measures them in millilitres, and gives the share of each lung and the CT-class.
start-problems-why = {" "}Missing slices, unusual geometry or unreadable files are named beside the numbers; a study that can't be measured gets no number.
start-no-upload-why = {" "}The pictures are read and computed on this computer, in this page, and are gone when it closes.
start-synthetic-hint = No CT at hand? A synthetic chest with known lesions is built in the page, without any download.
start-no-device-why = {" "}It is for research and demonstration, and the networks can be wrong. Look at the outlines.
start-networks-failed = The networks could not be loaded yet. The page tries again when they are needed.
start-drop-here = Drop a folder, files or an archive here
start-kinds = DICOM, also in archives (.zip, .tar, .gz, .tar.gz), or NIfTI (.nii, .nii.gz)
start-title = How much of the lungs is affected?
start-no-device = Not a medical device.
start-synthetic = Try a synthetic study
start-no-upload = Nothing is uploaded.
start-problems = Every problem is shown.
start-open = Open a study
start-or = or
start-choose-folder = Choose folder
start-choose-files = Choose files
start-networks-loaded = Networks loaded ({ $size }).
start-networks-loaded-not-kept = Networks loaded ({ $size }). They are not kept for the next visit.
start-networks-loading = Loading the networks: { $bytes } of { $size }.

## viewer

viewer-lost = Measure the study again to see this slice.
viewer-no-picture = There is no picture to show.
viewer-not-read = This slice was not read.
viewer-patients-right = the patient's right
viewer-patients-left = the patient's left
viewer-in-right-lung = {" "}· right lung
viewer-in-left-lung = {" "}· left lung
viewer-posterior = posterior
viewer-in-lesion = {" "}· lesion
viewer-loading = Loading …
viewer-anterior = anterior
viewer-anterior-letter = A
viewer-posterior-letter = P
viewer-right-letter = R
viewer-left-letter = L
viewer-tab-earlier = Earlier study
viewer-tab-this = This study
viewer-study-on-screen = Study on screen
viewer-slice = Slice
viewer-feet = Feet
viewer-head = Head
viewer-window-hint = Drag to change brightness and contrast (also with the right button)
viewer-most-lesions-hint = Go to the slice with the largest lesion area
viewer-move-hint = Drag to move the picture (also with Shift)
viewer-scroll-hint = Drag up and down to change the slice
viewer-reset-hint = Whole slice, lung window
viewer-disagreement = Networks disagree
viewer-most-lesions = Most lesions
viewer-mediastinum = Mediastinum
viewer-dragging = Dragging
viewer-zoom-out = Zoom out
viewer-overlays = Overlays
viewer-zoom-in = Zoom in
viewer-scroll = Scroll
viewer-window = Window
viewer-level = Level
viewer-width = Width
viewer-reset = Reset
viewer-move = Move
viewer-lung = Lung
viewer-zoom = Zoom
viewer-no-picture-yet = No picture yet
viewer-earlier-study-of = Earlier study · { $date }
viewer-this-study-of = This study · { $date }
viewer-slice-description = Axial CT slice { $slice } of { $count }
viewer-slice-description-earlier = Earlier study, axial CT slice { $slice } of { $count }
viewer-with-lesions = { $description }, lesions on this slice
viewer-without-lesions = { $description }, no lesions on this slice
viewer-slice-position = slice { $slice } of { $count }
viewer-slice-position-at = slice { $slice } of { $count }, { $position }
viewer-opacity = { $overlay }: opacity in per cent

## device

device-settings = The settings ask for it.
device-no-adapter = This browser offers no graphics processor to compute on.
device-insecure-context = Browsers offer no graphics processor to a page that isn't served over https.
device-built-without-gpu = This part of the page was made for a browser without a graphics processor.
device-software-adapter = The graphics processor is emulated in software ({ $adapter }) and was passed over.
device-no-timestamps = The graphics processor has no timestamps, which the computation needs.
device-no-device = The browser could not open the graphics processor.
device-unsuitable = The graphics processor lacks what the computation needs.
device-self-test-failed = The graphics processor computed a known slice wrongly.
device-lost = The graphics processor was lost.
device-cpu-faster = It is faster than the graphics processor, which took { $time } ms a slice.
device-gpu-faster = It is faster than the CPU, which would take about { $time } ms a slice.
device-reopened-after-loss = It was lost, and was opened again.
device-reopened-without-half = It was opened again without f16, with which it computed a known slice wrongly.
device-half-failed = It is used without f16, with which it computed a known slice wrongly.

## summary: the report in words, for pasting into a text

summary-title = Chest CT, automatic measurement
summary-date = Study of { $date }
summary-date-unknown = date unknown
summary-both-lungs = Both lungs
summary-lung = { $lung }: { $volume } mL, lesions { $lesions } mL, share { $share }
summary-lung-not-measured = { $lung }: { $volume } mL, lesions not measured
summary-class = { $class } ({ $scale })
summary-compared = Compared with an earlier study ({ $earlier } → { $later }): { $verdict }.
summary-no-verdict = no verdict
summary-no-verdict-since = no verdict, since { $reason }
summary-change = { $lung }: { $earlier } → { $later }, { $points }
summary-change-without-points = { $lung }: { $earlier } → { $later }
summary-lungs-disagree = The two lungs moved in opposite directions.
summary-note = Note: { $sentence }
summary-computed = Computed in the browser ({ $device }) in { $time }.
