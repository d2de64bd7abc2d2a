# ruff: noqa: E501  (an expression cut over several lines is harder to read than a long one)
"""What introduces a number that stands for a person: labels, everyday words, and letters that the number begins with."""

from dataclasses import dataclass

from pipelines.screening.entities import EntityType


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What introduces the identifiers of one kind, as alternatives of a regular expression.

    Attributes:
        always: labels that need nothing more between them and the value: "MRN 48572113".
        everyday: words that notes use otherwise too; they need a colon, "#", "number" or "ID": "case: 19-221".
        nouns: words after which a code stands without any of these: "badge 4417", "machine FRES-77120"; what they count
            or date is no code: "report 2019", "run 5000 m".
        prefixes: letters that the value itself begins with: "MRN48572113".
    """

    always: str
    everyday: str
    nouns: str = ""
    prefixes: str = ""


LABELS = {
    EntityType.MEDICAL_RECORD_NUMBER: Labels(
        always=r"mrns?|m\.r\.n\.|mr ?#|med(?:ical)?[ \t.]*rec(?:ord)?s?\.?|unit (?:no|number|record)\.?|chart (?:no|number|#)|chart ?#|hosp(?:ital)? (?:no|number|id)|hosp ?#|"
        r"patient (?:id|no|number|identifier)|pt\.? ?id|pat(?:ient)? ?#|empi|emr ?(?:id|#|no)|ehr ?(?:id|#|no)|health record (?:no|number)|nhs (?:no|number)|chi (?:no|number)",
        everyday=r"chart|record|hospital|medical record|ur|hn|mr|unit",
        nouns=r"chart|record|rec|file|patient(?: number)?|emr|ehr|folder|hospital number",
        prefixes=r"MRN|MR|PAT|PT|PID",
    ),
    EntityType.ACCOUNT_NUMBER: Labels(
        always=r"acct\.?|account|csn|har|fin(?: (?:no|number|#)|#|:)|(?:visit|encounter|billing|invoice|statement|guarantor|financial|folio|deposit|cheque|check|card|loan) (?:no|number|id|#)|bank account|routing|sort code|swift|"
        r"(?:visa|master ?card|amex|american express|discover|debit|credit|(?:credit|debit) card|card|account|acct\.?|checking|savings)(?: card)?(?: on file)?,? (?:ending|ends|end)(?: in| with)?",
        everyday=r"visit|encounter|invoice|bill|billing|guarantor|fin",
        prefixes=r"ACCT|ACC|FIN|CSN|VISIT|ENC|INV",
    ),
    EntityType.HEALTH_PLAN_NUMBER: Labels(
        always=r"(?:member|policy|policy ?holder|subscriber|group|beneficiary|insurance|insured|enrollee|recipient|card ?holder|contract|plan|medicare|medicaid|hic|payer|auth(?:orization|orisation)?|prior auth(?:orization)?|claim|certificate) ?(?:no\.?|number|id|#|claim)|"
        r"mbi|hicn?|policy|pre-?cert(?:ification)?|(?:bcbs|blue cross|blue shield|aetna|cigna|humana|kaiser|tricare|medi-?cal|united ?healthcare|uhc|anthem|molina|centene)(?: (?:id|policy|member))?",
        everyday=r"member|subscriber|insurance|medicare|medicaid|beneficiary|claim|authorization|health plan|group|enrollee|recipient|card ?holder",
        nouns=r"medicaid|medicare|tricare|subscriber|member|card ?holder",
        prefixes=r"INS|POL|CLM|MBR|MEM|HPN|GRP|AUTH|PA",
    ),
    EntityType.LICENSE_NUMBER: Labels(
        always=r"dea|npi|upin|(?:driver'?s?|state|medical|nursing|pharmacy|professional|provider) (?:licen[cs]e|id)(?: ?(?:no\.?|number|#))?|licen[cs]e|lic\.|cdl|"
        r"(?:certificate|certification|registration|permit) (?:no\.?|number|#)|passport|visa (?:no\.?|number|#)|national id|tax id|ein|tin|itin|green card",
        everyday=r"lic|dl|state id|certificate|registration|permit",
        nouns=r"lic|dl|state id|board certificate|certificate|permit|licensure",
        prefixes=r"NPI|DEA|LIC|DL",
    ),
    EntityType.DEVICE_ID: Labels(
        always=r"s/n|serial|lot|batch|udi|imei|device (?:id|no|number|identifier)|implant (?:id|no|number)|(?:pacemaker|icd|generator|pump|lead|stimulator|valve|stent|ventilator|c-?pap|bi-?pap|monitor|defibrillator|prosthesis|hearing aid|implant) ?(?:serial|s/n|sn|id|#)|model (?:no|number|#)|reference (?:no|number)|asset (?:tag|no|number|#)",
        everyday=r"sn|ref|device|pacemaker|generator|implant|machine|transmitter|monitor|pump",
        nouns=r"machine|transmitter|receiver|controller|processor|sensor|reader|monitor|(?:insulin |infusion )?pump|generator|ipg|icd|crt-?d|aed|recorder|programmer|stimulator|concentrator|ventilator|wheelchair|"
        r"walker|dialy[sz]er|(?:broncho|endo|gastro|colono|duodeno)?scope|implant|pacemaker|defibrillator|prosthesis|hearing aid|glucometer|c-?pap|bi-?pap|[lr]?vad|port|device|transducer|asset tag",
        prefixes=r"SN|LOT|DEV|IMEI",
    ),
    EntityType.VEHICLE_ID: Labels(
        always=r"vin|(?:licen[cs]e|number|registration|vehicle)[ \t]+plates?|(?:vehicle|car) (?:id|no|number|registration)|(?:hull|tail|fleet|engine|trailer|aircraft) (?:no\.?|number|id|#|registration)",
        everyday=r"plate|tags?|hull|(?:boat|vessel|aircraft|trailer|truck|bus|car|van|motorcycle) registration",
        nouns=r"plates?|(?:license |van |car |truck |vehicle )?tags?|(?:forklift|truck|tractor|bus|cab|taxi|van|ambulance|crane|train|locomotive|squad car)(?: unit)?",
    ),
    EntityType.UNIQUE_ID: Labels(
        always=r"accession|acc ?#|(?:specimen|sample|case|order|requisition|study|subject|protocol|participant|trial|research|employee|staff|badge|user|login|reference|confirmation|job|dictation|transcription|document|"
        r"doc|ticket|tracking|report|file|exam|incident|police|prescription|rx|sticker|barcode|photo|image|student|inmate|booking|path(?:ology)?|api|token|docket|run|interpreter|band|bracelet|wristband|service|unit|shield) ?(?:no\.?|number|id|#|code|key|file)|"
        r"rx ?#|ref ?#|case ?#|emp(?:loyee)? ?(?:id|#)|username|user ?name|login",
        everyday=r"specimen|case|order|requisition|reference|badge|document|rx|job|id|claim|subject|participant|run|docket|incident|interpreter|dictation",
        nouns=r"(?:police |incident |crash |accident |sheriff'?s? )?report|badge|shield|job|case|run|trip|incident|dispatch|docket|booking|ticket|citation|complaint|warrant|ref(?:erence)?|conf(?:irmation)?|tracking|interpreter(?: id)?|dictation|"
        r"document|requisition|req|specimen|sample|slide|accession|subject|participant|enrollee|rx|prescription|order|band|wristband|employee|student|inmate|probation|id",
        prefixes=r"EMP|STF|RX|REQ|ORD|CASE|SUBJ|STUDY|REF|BIO(?:-[A-Z]{1,4})?|USR|USER|SPEC",
    ),
}
