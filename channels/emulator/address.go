package emulator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
)

// FreeAddress finds an address (host:port) of loopback at which nobody listens, for what listens there only later, or again after a
// while in which nobody does. The address is kept until ctx ends: FreeAddress gives it to nobody else until then, in no process. It is
// not from the range from which the system picks free ports, since another program could get it meanwhile.
func FreeAddress(ctx context.Context) (string, error) {
	l, kept, err := listenAnywhere(ctx)
	if err != nil {
		return "", err
	}
	context.AfterFunc(ctx, func() { _ = kept.Close() })
	return l.Addr().String(), l.Close()
}

// listenAnywhere listens at an address like those of FreeAddress. As long as kept is open, a UDP socket with the same number, no other
// call chooses the address.
func listenAnywhere(ctx context.Context) (l net.Listener, kept net.PacketConn, err error) {
	const firstPort, ports, attempts = 20_000, 12_000, 100
	var lc net.ListenConfig
	for range attempts {
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(ports)) //nolint:gosec // no secret
		kept, err = lc.ListenPacket(ctx, "udp", address)
		if err != nil {
			continue
		}
		if l, err = lc.Listen(ctx, "tcp", address); err == nil {
			return l, kept, nil
		}
		_ = kept.Close()
	}
	return nil, nil, fmt.Errorf("find a free address: %w", err)
}
