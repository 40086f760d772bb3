package measure

// Statements, for tests that look at their plans.
const (
	TakeDueSQL    = takeDue
	OlderSQL      = olderConversations
	MessagesSQL   = messages
	LogEntriesSQL = entries
)

// OpenNowSQL returns the statement of ReadNow.
func OpenNowSQL() string { return openNow("") }

// OpenNowOfAgentSQL returns the statement of ReadNow for an agent, who is its last argument.
func OpenNowOfAgentSQL() string { return openNow(ofAgent) }

func sourceOf(column string) source { return source{column: column, all: column == "value"} }

// SumsSQL returns the statement of Sums.
func SumsSQL(column string) string { return sourceOf(column).sums() }

// WorkSQL returns the statement of WorkBy.
func WorkSQL() string { return sourceOf("value").work() }

// SpreadsSQL returns the statement of Spreads.
func SpreadsSQL(column string) string { return sourceOf(column).spreads(BusinessHours) }

// Statements that keep single times and spreads.
const (
	TimesOfSQL   = timesOf
	SpreadsOfSQL = spreadsOf
)

// WorstDaysSQL returns the first statement of LongestTimes.
func WorstDaysSQL(t Time) string { return worstDays(t.worstColumn(AllHours)) }

// WorstSharesSQL returns the second statement of LongestTimes.
func WorstSharesSQL(t Time) string { return worstShares(t.worstColumn(AllHours)) }

// DaysOf lists the days from one to another.
func DaysOf(from, to string) []string {
	p, err := partsOf(from, to, singleDay)
	if err != nil {
		panic(err)
	}
	return p.days
}

// SpanArguments are those with which SumsSQL reads all values of a kind, in spans as long as they come.
func SpanArguments(kind, from, to string) []any {
	p, err := partsOf(from, to, longDays)
	if err != nil {
		panic(err)
	}
	return []any{kind, []string{""}, p.days, p.weeks, p.long, []int64(nil), []int64(nil)}
}
