"""Signed grants (JWT): keys.py holds the keys that verify, pairs.py those that sign, signed.py makes and reads tokens.

The libraries behind it are imported when the first key is read: nothing of them is loaded where no portal signs.
"""

from irt.tokens.keys import ALGORITHMS, LONGEST_KID, Key, Keys, read_key, read_keys
from irt.tokens.pairs import NewKey, new_key, public_part, read_signing_key, written
from irt.tokens.signed import AUDIENCE, LONGEST_LIFE, TokenRefused, read_token, sign_token

__all__ = [
    "ALGORITHMS",
    "AUDIENCE",
    "LONGEST_KID",
    "LONGEST_LIFE",
    "Key",
    "Keys",
    "NewKey",
    "TokenRefused",
    "new_key",
    "public_part",
    "read_key",
    "read_keys",
    "read_signing_key",
    "read_token",
    "sign_token",
    "written",
]
