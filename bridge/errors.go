package bridge

// Problem is a refusal that people read: what happened and what to do next.
type Problem struct {
	Code Reason // "not_allowed", "stale", …
	Text string // "This conversation is resolved."
	Hint string // "Reopen it, or start a new one."

	Field string // the argument that is wrong: "account", "recipient", "text"; "" means none alone
}

// Error implements error.
func (p *Problem) Error() string { return string(p.Code) + ": " + p.Text }
