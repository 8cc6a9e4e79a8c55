"""What opens somebody's file: runs in a process of its own, with limits on memory and time, and knows nothing of the site.

Modules here import the standard library, lxml and xlrd only, and each other by relative imports: the child process loads
this folder as a package of its own, without Flask, keys or database (see ``child``).
"""
