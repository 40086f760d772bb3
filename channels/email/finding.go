package email

import (
	"fmt"
	"time"

	"parley/channels"
)

// checkTimeout bounds each half of Check.
const checkTimeout = 45 * time.Second

// unprotected describes a connection without TLS. It is not a fault, because somebody chose it.
const unprotected = "None: the password crosses the network readable. Right only inside your own network."

// found makes a finding without a fault.
func found(what, format string, args ...any) channels.Finding {
	return channels.Finding{OK: true, What: what, Text: fmt.Sprintf(format, args...)}
}

// fault makes a finding of a fault.
func fault(what, text, hint string) channels.Finding {
	return channels.Finding{What: what, Text: text, Hint: hint}
}
