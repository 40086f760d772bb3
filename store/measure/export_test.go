package measure

// Statements, for tests that look at their plans.
const (
	TakeDueSQL = takeDue
	OlderSQL   = olderConversations
	SaidSQL    = said
	DoneSQL    = done
)

// OpenNowSQL gives the statement of ReadNow; of an agent, it has one argument more.
func OpenNowSQL(agent bool) string {
	if agent {
		return openNow(ofAgent)
	}
	return openNow("")
}

// SumsSQL gives the statement of Sums.
func SumsSQL(column string) string { return sumsBy(column, column == "value") }

// WorkSQL gives the statement of WorkBy.
func WorkSQL() string { return workBy() }

// SpreadsSQL gives the statement of Spreads.
func SpreadsSQL(column string) string { return spreadsBy(column, true, column == "value") }

// Statements that keep single times and spreads.
const (
	TimesOfSQL   = timesOf
	SpreadsOfSQL = spreadsOf
)

// WorstDaysSQL gives the first statement of LongestTimes.
func WorstDaysSQL(t Time) string { return worstDays(t.worstColumn(false)) }

// WorstSharesSQL gives the second statement of LongestTimes.
func WorstSharesSQL(t Time) string { return worstShares(t.worstColumn(false)) }

// DaysOf names the days from one to another.
func DaysOf(from, to string) []string {
	p, err := partsOf(from, to, 1)
	if err != nil {
		panic(err)
	}
	return p.days
}

// SpanArguments are those of SumsSQL for a time.
func SpanArguments(kind, from, to string) []any {
	p, err := partsOf(from, to, longDays)
	if err != nil {
		panic(err)
	}
	return []any{kind, []string{""}, p.days, p.weeks, p.long, []int64(nil), []int64(nil)}
}
