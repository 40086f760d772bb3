package storetest

import "strings"

// Spans makes the sums of weeks, and of four weeks, of the sums of days: while a crowd is made no trigger does.
func Spans() string {
	var list []string
	for column := range strings.FieldsSeq(`
		opened reopened resolved abandoned messages_in messages_out first_count first_sum first_sum_open first_worst
		first_worst_open next_count next_sum next_sum_open next_worst next_worst_open ended_sum ended_sum_open ended_worst ended_worst_open`) {
		how := "sum"
		if strings.Contains(column, "worst") {
			how = "max"
		}
		list = append(list, how+"("+column+")")
	}
	return `INSERT INTO measure_spans
		SELECT kind, n, day - (day - DATE '2001-01-01') % n, value, account_id, team_id, ` + strings.Join(list, ", ") + `
		FROM measure_days, (VALUES (7), (28)) AS spans (n)
		GROUP BY 1, 2, 3, 4, 5, 6`
}

// Spreads makes a spread for each sum of days, weeks and four weeks, with as many lengths as there may be in it; which
// lengths they are doesn't matter to who reads them.
func Spreads() string {
	const lengths = `decode(repeat('bc0105', least(3 * resolved, 250)::int), 'hex')`
	return `INSERT INTO measure_spreads
		SELECT kind, 1, day, value, account_id, team_id, ` + lengths + `, ` + lengths + ` FROM measure_days
		UNION ALL
		SELECT kind, days, day, value, account_id, team_id, ` + lengths + `, ` + lengths + ` FROM measure_spans`
}
