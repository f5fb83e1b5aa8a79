"""The International Classification of Crime for Statistical Purposes (ICCS) and the tables that lead to it.

This package knows the 320 categories, their definitions and attributes, and the concordances from national
categories. It knows nothing of countries' file formats or of databases.

Source of the classification: UNODC, International Classification of Crime for Statistical Purposes, Version 1.0.
"""
