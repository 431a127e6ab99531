"""An outside auditor with a program of his own: he has the hall's public key and a checkpoint from
earlier, gets the exported chain, and needs nothing of ours to tell whether it is whole.
"""

import base64
import ctypes
import ctypes.util
import hashlib
import json
import subprocess
import unittest

from hall import Hall, program, submit

sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")


def is_signed(link, key):
    text = (f"binglian checkpoint\nevent {link['event']}\nat {link['at']}\n"
            f"{link['alg']} {link['hash']}\n").encode()
    return link["signer"] == key and sodium.crypto_sign_verify_detached(
        bytes.fromhex(link["signature"]), text, ctypes.c_ulonglong(len(text)),
        bytes.fromhex(key)) == 0


def audit(*words, status=0):
    run = subprocess.run([program("binglian"), "audit", *words], capture_output=True,
                         encoding="utf-8", timeout=60)
    assert run.returncode == status, f"{words} ended with {run.returncode}: {run.stdout}{run.stderr}"
    return run.stdout


class AuditTest(unittest.TestCase):
    def test_outside_auditor(self):
        with Hall() as hall:
            hall.start_broker()
            with open(hall.data + "/audit.pub", encoding="utf-8") as file:
                key = file.read().strip()
            self.assertIn(f"audit={key}", hall.broker.said())
            kept = json.loads(audit("checkpoint", hall.data, "-o", "json"))
            self.assertTrue(is_signed(kept, key))
            with hall.peer() as peer:
                for number in range(3):
                    answer = submit(peer, "five", {"name": "店"}, f"request-{number}")
                    self.assertFalse(answer.HasField("refusal"), answer)
            self.assertEqual(hall.broker.stop(), 0)
            hall.start_broker()  # the key stays, and a start's first batch is signed
            with hall.peer() as peer:
                submit(peer, "five", {"name": "店"}, "request-4")
            self.chain_is_whole(hall, key, kept)
            self.commands(hall, key, kept)

    def chain_is_whole(self, hall, key, kept):
        before, signed, passed, links = "00" * 32, 0, False, 0
        for line in audit("export", hall.data).splitlines():
            link = json.loads(line)
            self.assertEqual(link["prev"], before)
            before = hashlib.blake2b(bytes.fromhex(before) + base64.b64decode(link["body"]),
                                     digest_size=32).hexdigest()
            self.assertEqual(link["hash"], before)
            links += 1
            if "signature" in link:
                signed += 1
                self.assertTrue(is_signed({**link, "event": link["seq"]}, key))
            passed |= link["hash"] == kept["hash"] and link["seq"] == int(kept["event"])
        self.assertGreaterEqual(signed, 2)
        self.assertGreater(links, 3)
        self.assertTrue(passed)
        last = json.loads(audit("export", hall.data, "--from", str(link["seq"])))
        self.assertEqual(last, link)

    def commands(self, hall, key, kept):
        path = hall.file("kept.json", json.dumps(kept))
        audit("verify", hall.data, "--key", key, "--checkpoint", path)
        audit("verify", hall.data, "--key", "00" * 32, status=1)
        audit("verify", hall.data, "--key", "nonsense", status=2)
        other = hall.file("other.json", json.dumps(dict(kept, hash="00" * 32)))
        audit("verify", hall.data, "--key", key, "--checkpoint", other, status=1)
        audit("verify", hall.data, "--checkpoint", hall.file("none.json", "{}"), status=6)
        newest = json.loads(audit("checkpoint", hall.data, "-o", "json", "--sign",
                                  hall.data + "/audit.identity"))
        self.assertTrue(is_signed(newest, key))


if __name__ == "__main__":
    unittest.main()
