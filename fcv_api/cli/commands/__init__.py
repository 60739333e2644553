"""What each command takes, and its help: `fcv --help` reads these modules and nothing heavy.

What a command does is imported by its function, when it is called: NumPy, SQLAlchemy, Flask and the extras take seconds
to load, and who asks for help waits for none of them and needs no extra installed. A test looks at what is loaded.
"""
