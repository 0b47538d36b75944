# What page, command line and reports share: the disclaimer, classes, verdicts, tiers.

disclaimer = Not a medical device: for research and demonstration, not for diagnosis or treatment.

## Classes

scale-guideline = guideline's scale: { $first } / { $second } / { $third } %
scale-panel = scale fitted to the paper's panel of radiologists: { $first } / { $second } / { $third } %
class-meaning-none = no lesions found
class-meaning-up-to = up to { $to } % of the more affected lung
class-meaning-between = { $from }–{ $to } % of the more affected lung
class-meaning-from = { $from } % or more of the more affected lung

## Verdicts on two studies

verdict-positive-response = positive response
verdict-stable = stable
verdict-progression = progression
no-verdict-other-patient = the studies disagree about who the patient is, and nobody has confirmed that both studies are of the same person
no-verdict-no-common-lung = no lung was found in both studies
no-verdict-unlike-answers = the two studies were measured by different networks or thresholds; open the earlier study again
comparison-provisional = Provisional: this compares the { $tier } answers of both studies. Answers of more networks may differ.
comparison-rests-on =
    Only the { $side ->
        [right] right
       *[left] left
    } lung is in both studies: the verdict rests on it.

## Tiers, within a sentence

tier-quick = quick
tier-standard = standard
tier-full = full
