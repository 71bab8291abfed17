"""The HTTP API and the dashboard: an answer is a function of the newest published file and the parameters.

``api.app.create_app`` builds the application, ``api.server.run`` serves it, ``python -m api`` does both.
"""
