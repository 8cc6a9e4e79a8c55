"""Printed papers: form folders, rendering, numbering, the register of what was issued, verification.

A form is a folder under ``forms/<code>/`` (form.html, form.css, meta.toml, sample.json). A domain's ``papers.py``
makes a plain dict, ``registry`` says whether it fits the form, ``render`` turns it into PDF bytes. WeasyPrint is not
thread-safe and slow to import, so a running site renders in the worker processes of ``pool``; nothing else imports it.
"""
