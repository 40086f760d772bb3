package stats

// What is asked every few seconds, for tests that look at its plans.
const (
	StatsPendingSQL     = countPending
	StatsQuarantinedSQL = countQuarantined
	StatsUndecidedSQL   = countUndecided
	StatsLanesSQL       = countLanes
	StatsBurstsSQL      = countBursts
	StatsGatesSQL       = countGates
	StatsSuggestionsSQL = countSuggestions
)
