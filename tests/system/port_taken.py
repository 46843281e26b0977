"""Hold a port: port_taken.py PORT FILE-TO-MAKE"""
import socket
import sys
import time

sock = socket.socket()
sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sock.bind(("127.0.0.1", int(sys.argv[1])))
sock.listen()
with open(sys.argv[2], "w", encoding="ascii"):
    pass
time.sleep(120)
