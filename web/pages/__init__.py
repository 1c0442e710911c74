"""One module per screen, each with a template of the same name: it asks one question and shows the answer."""
