package stats

// What is asked every few seconds, for tests that look at its plans.
const (
	StatsPendingSQL     = statsPending
	StatsQuarantinedSQL = statsQuarantined
	StatsUndecidedSQL   = statsUndecided
	StatsLanesSQL       = statsLanesOf
	StatsBurstsSQL      = statsBursts
	StatsGatesSQL       = statsGates
	StatsSuggestionsSQL = statsSuggestions
)
