package wire

import (
	"fmt"
	"time"

	"parley/channels"
)

// CheckTimeout bounds the check of one server.
const CheckTimeout = 45 * time.Second

// UnprotectedText is the text of a finding about a connection without TLS. It is no fault, because somebody
// chose it.
const UnprotectedText = "None: the password crosses the network readable. Right only inside your own network."

// Found makes a finding without a fault.
func Found(what, format string, args ...any) channels.Finding {
	return channels.Finding{OK: true, What: what, Text: fmt.Sprintf(format, args...)}
}

// Fault makes a finding of a fault.
func Fault(what, text, hint string) channels.Finding {
	return channels.Finding{What: what, Text: text, Hint: hint}
}
