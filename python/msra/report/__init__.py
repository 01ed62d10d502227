"""Reports: the analysis as text, tables or data. A report is data until here."""
