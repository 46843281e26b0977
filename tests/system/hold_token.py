"""A token that does not answer: its files are locked until standard input ends. hold_token.py DIRECTORY"""
import fcntl
import os
import sys

held = []
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        held.append(open(os.path.join(folder, name), "r+b"))
        fcntl.lockf(held[-1], fcntl.LOCK_EX)
print("held %d files" % len(held), flush=True)
sys.stdin.read()
