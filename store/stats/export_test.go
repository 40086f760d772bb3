package stats

// The statements of Read, for tests that look at their plans.
const (
	PendingSQL     = countPending
	QuarantinedSQL = countQuarantined
	UndecidedSQL   = countUndecided
	LanesSQL       = countLanes
	BurstsSQL      = countBursts
	FiguresSQL     = ageOfFigures
	GatesSQL       = countGates
	SuggestionsSQL = countSuggestions
)

// The limits of Read.
const (
	MaxRows         = maxRows
	MaxLanes        = maxLanes
	MaxLanesPerGate = maxLanesPerGate
)
