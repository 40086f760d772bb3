package store_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// PostgreSQL may run a subquery with LIMIT and SKIP LOCKED again for each row of the other side, if the subquery is
// joined or comes behind IN. Rows that the statement itself has changed are skipped by the next run, which then
// returns further rows. So the statement takes more than its limit. ARRAY(…) and a common table expression that locks
// rows are run only once.
var (
	runOnce  = regexp.MustCompile(`(?i)(\bARRAY|\bAS|\bMATERIALIZED)\s*$`)
	runAgain = regexp.MustCompile(`(?i)(\bIN|=)\s*$`)
	joined   = regexp.MustCompile(`(?i)(\bFROM|\bJOIN|\bLATERAL)\s*$`)
	takes    = regexp.MustCompile(`(?is)\bLIMIT\b.*\bSKIP\s+LOCKED\b`)
)

// unboundedTakes returns the subqueries of a statement that may take more rows than their limit.
func unboundedTakes(sql string) (found []string) {
	sql = regexp.MustCompile(`--.*`).ReplaceAllString(sql, "")
	var open []int
	for i := range len(sql) {
		switch {
		case sql[i] == '(':
			open = append(open, i)
		case sql[i] == ')' && len(open) > 0:
			begin := open[len(open)-1]
			open = open[:len(open)-1]
			before, subquery := sql[:begin], sql[begin:i]
			mayRunAgain := runAgain.MatchString(before) || joined.MatchString(before) && !standsInOnce(sql, open)
			if takes.MatchString(subquery) && mayRunAgain {
				found = append(found, strings.Join(strings.Fields(subquery), " "))
			}
		}
	}
	return found
}

// standsInOnce reports whether one of the open brackets is run only once.
func standsInOnce(sql string, open []int) bool {
	return slices.ContainsFunc(open, func(begin int) bool { return runOnce.MatchString(sql[:begin]) })
}

// No statement of the program takes more rows than its limit says. The test can't judge parts of statements that
// begin within a common table expression of another part, because they don't contain its bracket.
func TestLimitsAreKept(t *testing.T) {
	t.Parallel()
	eachStatement(t, `SKIP LOCKED`, func(place, sql string) {
		changesRows := regexp.MustCompile(`(?i)\b(UPDATE|DELETE)\s`).MatchString(strings.ReplaceAll(sql, "FOR NO KEY UPDATE", ""))
		isPart := !strings.Contains(sql, "WITH") && !changesRows
		if isPart {
			return
		}
		for _, found := range unboundedTakes(sql) {
			t.Errorf("%s: this subquery may take more than its limit: … %s …", place, found)
		}
	})
}

// unboundedTakes finds the subqueries that the rule forbids, and no others.
func TestLimitRule(t *testing.T) {
	t.Parallel()
	const take = `(SELECT id FROM a ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED)`

	tests := []struct {
		name string
		sql  string
		want int // subqueries whose limit may be overstepped
	}{
		{name: "behind IN", sql: `UPDATE a SET n = 1 WHERE id IN ` + take, want: 1},
		{name: "joined", sql: `DELETE FROM a USING b JOIN ` + take + ` AS x ON true`, want: 1},
		{name: "behind FROM", sql: `UPDATE a SET n = 1 FROM ` + take + ` AS x WHERE a.id = x.id`, want: 1},
		{name: "behind an equals sign", sql: `UPDATE a SET n = 1 WHERE id = ` + take, want: 1},
		{name: "as an array", sql: `UPDATE a SET n = 1 WHERE id = ANY(ARRAY` + take + `)`, want: 0},
		{name: "as a common table expression", sql: `WITH x AS ` + take + ` UPDATE a SET n = 1 FROM x WHERE a.id = x.id`, want: 0},
		{name: "behind IN in one", sql: `WITH x AS (DELETE FROM a WHERE id IN ` + take + ` RETURNING id) SELECT id FROM x`, want: 1},
		{name: "lateral in one", sql: `WITH x AS MATERIALIZED (SELECT y.id FROM b, LATERAL ` + take + ` AS y) DELETE FROM a`, want: 0},
		{name: "without locks", sql: `UPDATE a SET n = 1 WHERE id IN (SELECT id FROM a LIMIT 1)`, want: 0},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if found := unboundedTakes(tt.sql); len(found) != tt.want {
				t.Errorf("in %s\nfound %q, want %d", tt.sql, found, tt.want)
			}
		})
	}
}
