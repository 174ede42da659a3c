"""What runs: one flow a file, composition only."""

import logging

# At DEBUG the connection on which Prefect sends its events logs the server's credential.
logging.getLogger("websockets").setLevel(logging.WARNING)
