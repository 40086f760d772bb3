package app

import (
	"net"
	"time"
)

// deadAfter is how long the database's machine may be silent on the network before its connections are
// closed. (A slow query is not silence: TCP acknowledges.) When the machine vanishes, a query would
// otherwise wait for a quarter of an hour.
const deadAfter = 30 * time.Second

// databaseDialer opens connections that are closed when the other side is gone.
func databaseDialer() *net.Dialer {
	return &net.Dialer{
		Timeout:         deadAfter,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: deadAfter / 3, Interval: deadAfter / 6, Count: 4},
		Control:         endUnanswered,
	}
}
