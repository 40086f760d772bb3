package measure

// Statements, for tests that look at their plans.
const (
	TakeDueSQL = takeDue
	OlderSQL   = olderConversations
	SaidSQL    = said
	DoneSQL    = done
	OpenNowSQL = openNow
)

// SumsSQL gives the statement of Sums.
func SumsSQL(column string) string { return sumsBy(column) }

// WorstDaysSQL gives the first statement of LongestTimes.
func WorstDaysSQL(t Time) string { return worstDays(t.column(false)) }

// WorstSharesSQL gives the second statement of LongestTimes.
func WorstSharesSQL(t Time) string { return worstShares(t.column(false)) }
