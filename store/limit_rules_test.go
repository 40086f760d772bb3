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
