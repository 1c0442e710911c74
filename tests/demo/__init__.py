"""The demo as a newcomer meets it: it agrees to the cent, again on the second run, or says what is wrong."""
