"""Stands between a client and a server: cut.py LISTEN TARGET BYTES close|stall LOG

Hands on what both say until the server has said so many bytes, then ends the connection, or says no more. Of each
connection, how much the server said goes to LOG."""
import select
import socket
import sys
import threading

listen, target, limit, how, log = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
held = []


def hand_on(client):
    server = socket.create_connection(("127.0.0.1", target)) if limit > 0 else None
    said = 0
    while server is not None and said < limit:
        for sock in select.select([client, server], [], [], 60)[0]:
            data = sock.recv(65536 if sock is client else min(65536, limit - said))
            if not data:
                with open(log, "a", encoding="ascii") as out:
                    out.write("%d\n" % said)
                return
            if sock is server:
                said += len(data)
            (server if sock is client else client).sendall(data)
    if how == "close":
        client.close()
        server.close()
    else:
        held.append((client, server))


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", listen))
listener.listen(64)
while True:
    threading.Thread(target=hand_on, args=(listener.accept()[0],), daemon=True).start()
