package main

import (
	"net"
	"os"
)

// notify tells systemd about the service (sd_notify(3)): a datagram to the
// socket that NOTIFY_SOCKET names. Without one nobody waits for it.
func notify(state string) {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" {
		return
	}
	if name[0] == '@' { // a name in the abstract namespace
		name = "\x00" + name[1:]
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return // the service is more important than who watches it
	}
	defer conn.Close()
	_, _ = conn.Write([]byte(state)) // likewise
}
