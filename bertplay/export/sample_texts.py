"""Texts on which an export is compared with the model: short, long, empty, and in many scripts."""

from __future__ import annotations

SAMPLE_TEXTS = (
    "Miss Allison, a 2-year-old girl in first class.",
    "It broke on the second day!",
    "",
    "?",
    "I can't believe how well this works; would buy it again, and again, and again.",
    "  Tabs\tand\nline breaks,   and spaces  ",
    "Café, naïve, Straße, Ærø: letters with accents",
    "Это предложение на русском языке.",
    "这是一个中文句子。",
    "https://example.org/a?b=c&d=e #tag @name 3.14 1,000,000",
    "A longer text, so that short ones are padded beside it. " * 3,
    "word " * 600,
)
