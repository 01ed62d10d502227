"""TLS: records, and passive decryption with key logs or the server's RSA key. Sans I/O.

    secrets = TlsSecrets()
    secrets.add_keylog(Path("keys.txt").read_bytes())
    connection = TlsDecryptor(secrets)
    for item in connection.feed(from_client, data): ...

Nothing here imports `cryptography` before there is a record to decrypt.
"""

from msra.capture.tls.decryptor import TlsDecryptor
from msra.capture.tls.keylog import TlsSecrets
from msra.capture.tls.model import Alert, Certificate, HandshakeFact, Item, Plaintext, Undecrypted

__all__ = [
    "Alert",
    "Certificate",
    "HandshakeFact",
    "Item",
    "Plaintext",
    "TlsDecryptor",
    "TlsSecrets",
    "Undecrypted",
]
