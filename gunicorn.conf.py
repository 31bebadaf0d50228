"""What gunicorn reads by itself when it is started in this folder."""

limit_request_line = 8190  # bytes; the longest query, 500 characters, is 6000 percent-encoded
