package bridge

// Problem is a refusal that people read: what happened and what to do next.
type Problem struct {
	Code string // for machines: "not_allowed", "stale", …
	Text string // "This conversation is resolved."
	Hint string // "Reopen it, or start a new one."
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Text }
