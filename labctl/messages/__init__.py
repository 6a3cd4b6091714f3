"""Messages to people: that a run has ended, failed or is suspended. Off unless the user's settings ask for it.

- `ways`: how a message is sent: a webhook, a mail, a command.
- `messenger`: listens to runs, and sends what the settings ask for; a message that fails harms no run.
"""
