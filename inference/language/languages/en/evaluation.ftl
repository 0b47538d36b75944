# The reports of an evaluation: the page, and the summary for a terminal.

evaluation-title = CoRSAI, evaluation
evaluation-provenance = { $program }, networks { $manifest }, tier { $options }.
evaluation-full-run = full run
evaluation-paper-vote = the paper's vote
evaluation-dpn-3d = DPN-3D
evaluation-counts = Studies: { $studies }; measured: { $measured }; failed: { $failed }.
evaluation-without-masks = Without a mask to compare with: { $studies }.
evaluation-missing = The evaluation was interrupted. Not measured yet: { $studies }.
mean-sd = { $mean } ± { $sd } ({ $min } to { $max })
mean-range = { $mean } ({ $min } to { $max })

## Masks and quantities

mask-lesions = lesions
mask-both-lungs = both lungs
mask-right-lung = right lung
mask-left-lung = left lung
mask-right = right
mask-left = left
quantity-share = lesion share, both lungs
quantity-share-right = lesion share, right lung
quantity-share-left = lesion share, left lung
quantity-lesions = lesion volume
quantity-lungs = volume of both lungs
quantity-right = volume of the right lung
quantity-left = volume of the left lung
unit-points = points
unit-millilitres = mL

## Sections of the page

failures-title = Studies without numbers
column-study = study
column-code = code
column-why = why
masks-title = Masks
column-mask = mask
column-studies = studies
column-dice = Dice, mean ± SD (range)
column-dice-pooled = Dice, pooled
column-iou = IoU, mean ± SD (range)
column-iou-pooled = IoU, pooled
column-empty = empty in both
dice-from-one-percent = Lesion Dice of the { $studies } studies whose true share is at least 1 %: { $dice }.
errors-title = Volumes and shares
errors-explanation = Differences are measured − reference. Limits of agreement: bias ± 1.96 standard deviations (Bland and Altman).
limits = { $low } to { $high }
column-quantity = quantity
column-unit = unit
column-mae = mean absolute error
column-me = mean error (bias)
column-limits = limits of agreement
classes-title = CT-class
classes-agreement = { $right } of { $studies } right; weighted kappa { $linear } (linear), { $quadratic } (squared).
classes-corner = true \ found
changes-title = Change since the earlier study
changes-agreement = { $right } right, { $wrong } wrong or without a verdict, { $unknown } without a reference.
column-true-points = true, points
column-found-points = found, points
column-true = true
column-found = found
column-not-compared = not compared
plots-title = Plots
plot-scatter = Measured against the reference: { $quantity }
plot-bland-altman = Bland and Altman: { $quantity }
plot-dice = Dice of every study; the line is the median
plot-dice-short = Dice of every study
plot-reference = reference, { $unit }
plot-measured = measured, { $unit }
plot-mean = mean of both, { $unit }
plot-difference = measured − reference, { $unit }
plot-point = { $name }: { $x }, { $y }
plot-bias = bias { $value }
studies-title = Studies
column-lesion-dice = lesion Dice
column-lungs-iou = lungs IoU
column-right-dice = right Dice
column-left-dice = left Dice
column-true-share = true share, %
column-found-share = found share, %
column-true-lesions = true lesions, mL
column-found-lesions = found lesions, mL
column-true-class = true class
column-found-class = found class
column-codes = codes

## Lines of the summary

summary-mask = { $mask }: Dice { $dice }, pooled { $pooled }; IoU { $iou } ({ $studies } studies)
summary-dice-from-one-percent = lesions, true share at least 1 %: Dice { $dice } ({ $studies } studies)
summary-error = { $quantity }: MAE { $mae } { $unit }, ME { $me } { $unit } ({ $studies } studies)
summary-error-limits = { $quantity }: MAE { $mae } { $unit }, ME { $me } { $unit }, limits { $low } to { $high } ({ $studies } studies)
summary-classes = CT-class: { $right } of { $studies } right, kappa { $linear } (linear), { $quadratic } (squared)
summary-changes = change since the earlier study: { $right } right, { $wrong } wrong or without a verdict, { $unknown } without a reference
