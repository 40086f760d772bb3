package app

import (
	"net"
	"time"
)

// deadAfter is how long a database may be silent on the network, not only slow to answer, before
// its connections end. When its machine vanishes nobody says so, and what waits for an answer
// would wait for a quarter of an hour.
const deadAfter = 30 * time.Second

// databaseDialer opens connections that end when the other side is gone.
func databaseDialer() *net.Dialer {
	return &net.Dialer{Timeout: deadAfter, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: deadAfter / 3, Interval: deadAfter / 6, Count: 4},
		Control: endUnanswered}
}
