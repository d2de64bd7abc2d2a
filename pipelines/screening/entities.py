"""Entity types that the screen knows, and the typed tag that replaces each."""

import enum


class EntityType(enum.StrEnum):
    """Kinds of identifier. Where Presidio has a name for a kind, that name is used, so its recognisers fit in."""

    PERSON = "PERSON"
    LOCATION = "LOCATION"
    FACILITY = "FACILITY"
    ORGANIZATION = "ORGANIZATION"
    DATE_TIME = "DATE_TIME"
    AGE_OVER_89 = "AGE_OVER_89"
    PHONE_NUMBER = "PHONE_NUMBER"
    FAX_NUMBER = "FAX_NUMBER"
    EMAIL_ADDRESS = "EMAIL_ADDRESS"
    US_SSN = "US_SSN"
    MEDICAL_RECORD_NUMBER = "MEDICAL_RECORD_NUMBER"
    HEALTH_PLAN_NUMBER = "HEALTH_PLAN_NUMBER"
    ACCOUNT_NUMBER = "ACCOUNT_NUMBER"
    CREDIT_CARD = "CREDIT_CARD"
    IBAN_CODE = "IBAN_CODE"
    LICENSE_NUMBER = "LICENSE_NUMBER"
    VEHICLE_ID = "VEHICLE_ID"
    DEVICE_ID = "DEVICE_ID"
    MAC_ADDRESS = "MAC_ADDRESS"
    BIOMETRIC = "BIOMETRIC"  # a template's or a print's number: the print itself is no text
    PHOTO = "PHOTO"  # a picture's file
    URL = "URL"
    IP_ADDRESS = "IP_ADDRESS"
    UNIQUE_ID = "UNIQUE_ID"  # any other number or code that stands for one person, specimen or document
    MALFORMED_PLACEHOLDER = "MALFORMED_PLACEHOLDER"


_TAGS: dict[str, str] = {
    EntityType.PERSON: "NAME",
    EntityType.DATE_TIME: "DATE",
    EntityType.AGE_OVER_89: "AGE",
    EntityType.PHONE_NUMBER: "PHONE",
    EntityType.FAX_NUMBER: "FAX",
    EntityType.EMAIL_ADDRESS: "EMAIL",
    EntityType.US_SSN: "SSN",
    EntityType.MEDICAL_RECORD_NUMBER: "MRN",
    EntityType.HEALTH_PLAN_NUMBER: "HEALTH_PLAN",
    EntityType.ACCOUNT_NUMBER: "ACCOUNT",
    EntityType.IBAN_CODE: "ACCOUNT",
    EntityType.LICENSE_NUMBER: "LICENSE",
    EntityType.VEHICLE_ID: "VEHICLE",
    EntityType.DEVICE_ID: "DEVICE",
    EntityType.MAC_ADDRESS: "DEVICE",
    EntityType.IP_ADDRESS: "IP",
    EntityType.UNIQUE_ID: "ID",
}


def tag(entity_type: str) -> str:
    """The text that replaces an identifier, such as "[PHONE]"; the type itself where it has no short name."""
    return f"[{_TAGS.get(entity_type, entity_type)}]"
