"""Signed grants (JWT): keys.py holds the keys that a portal signs with, signed.py makes and reads the tokens.

The libraries behind it are imported when the first token is made or read.
"""

from irt.tokens.keys import Key, Keys, read_keys
from irt.tokens.signed import AUDIENCE, LONGEST_LIFE, TokenRefused, read_token, sign_token

__all__ = ["AUDIENCE", "LONGEST_LIFE", "Key", "Keys", "TokenRefused", "read_keys", "read_token", "sign_token"]
