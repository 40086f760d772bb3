package web

// Problem is why something can't be done, for the person who tries.
type Problem struct{ Text, Hint string }

// Error returns both.
func (p *Problem) Error() string { return p.Text + " " + p.Hint }
