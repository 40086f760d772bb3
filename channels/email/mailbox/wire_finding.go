package mailbox

import "time"

// CheckTimeout bounds the check of one server.
const CheckTimeout = 45 * time.Second

// UnprotectedText is the text of a finding about a connection without TLS. It isn't a fault, because somebody chose it.
const UnprotectedText = "None: the password crosses the network readable. Right only inside your own network."
