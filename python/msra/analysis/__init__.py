"""From events to an answer: sessions, what they ended with, and what is remarkable. Knows no engine and no format."""
