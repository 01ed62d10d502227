"""Reports: the analysis as text or data. A report is data until here."""
