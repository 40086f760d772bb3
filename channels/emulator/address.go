package emulator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
)

// FreeAddress finds an address (host:port) of loopback at which nobody listens, for what listens there only later, or again after a
// while in which nobody does. It is not from the range from which the system picks free ports, since another program could get it
// meanwhile.
func FreeAddress(ctx context.Context) (string, error) {
	l, err := listenAnywhere(ctx)
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// listenAnywhere listens at an address like those of FreeAddress.
func listenAnywhere(ctx context.Context) (net.Listener, error) {
	const firstPort, ports, attempts = 20_000, 12_000, 100
	var lc net.ListenConfig
	var failed error
	for range attempts {
		l, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", firstPort+rand.IntN(ports))) //nolint:gosec // no secret
		if err == nil {
			return l, nil
		}
		failed = err
	}
	return nil, fmt.Errorf("find a free address: %w", failed)
}
