"""Values of a plan's fields as they are read: names with commas, chains of gateways with arrows, nothing as `none`."""


def value_text(value: object) -> str:
    """A field's value as it is read: names with commas, chains with arrows, nothing as `none`."""
    match value:
        case None | () | "":
            return "none"
        case bool():
            return "yes" if value else "no"
        case tuple() if all(isinstance(item, tuple) for item in value):
            return " or ".join(" > ".join(map(str, item)) for item in value)
        case tuple():
            return ", ".join(map(value_text, value))
        case dict():
            return ", ".join(f"{key}: {value_text(item)}" for key, item in value.items()) or "none"
        case _:
            return str(value)
