package plantest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Statement is one whose plan is checked.
type Statement struct {
	name   string
	sql    string
	args   []any
	hot    bool
	limits map[string]float64
	index  string
}

// Hot is a statement that the relay runs (see Explain). limits says how many rows may be read of a
// table, index names an index that must be used ("" = any). Lists of 64 among args are also tried with
// fewer, because the work must not grow faster than the lists.
func Hot(name, sql string, args []any, limits map[string]float64, index string) Statement {
	return Statement{name: name, sql: sql, args: args, hot: true, limits: limits, index: index}
}

// Cold is a statement that is not run by the relay; its arguments are those of Hot.
func Cold(name, sql string, args []any, limits map[string]float64, index string) Statement {
	return Statement{name: name, sql: sql, args: args, limits: limits, index: index}
}

// Run fills a database with a crowd and checks that statements read about as many rows as they hand
// out: each by its index, none by a scan of its table.
func Run(t *testing.T, pool *pgxpool.Pool, crowd []string, statements []Statement) {
	t.Helper()
	// The queues are empty most of the time: a plan that was made then must be right for a flood, too.
	early, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer early.Release()

	for i, s := range statements {
		if s.hot && s.limits["queues"] > 0 {
			prepare(t, early, fmt.Sprint("early", i), s.sql, s.args...)
		}
	}

	fill(t, pool, crowd)
	blind := map[string]float64{} // effort with plans that were made when the tables were empty
	for i, s := range statements {
		if s.hot && s.limits["queues"] > 0 {
			blind[s.name] = explainPrepared(t, early, fmt.Sprint("early", i), s.args...).Effort()
		}
	}

	exec(t, pool, `ANALYZE`)

	for _, s := range statements {
		t.Run(s.name, func(t *testing.T) { s.check(t, pool, blind[s.name]) })
	}
}

// check checks the plan of one statement. blind is the effort of the plan that was made when the tables
// were empty. It is 0 if that is unknown.
func (s Statement) check(t *testing.T, pool *pgxpool.Pool, blind float64) {
	t.Helper()
	p := Explain(t, pool, s.hot, s.sql, s.args...)
	if most := 30 * p.Effort(); blind > most { // a join that compares all rows takes a thousand times as much
		t.Errorf("planned when the tables were empty, it has an effort of %.0f, at most %.0f is right", blind, most)
	}

	for table, limit := range s.limits {
		rows, indexes := p.Touched(table)
		// A sequential scan is right for a table of which many rows are needed, and for gates, which has few.
		mayScan := limit >= 100 || table == "gates"
		isScanned := strings.Contains(indexes, "SEQSCAN")
		if rows > limit || (isScanned && !mayScan) {
			t.Errorf("%.0f rows of %s were read, at most %.0f are needed; indexes %s", rows, table, limit, indexes)
		}
		if !strings.Contains(indexes, s.index) {
			t.Errorf("index %s is not used, but %s", s.index, indexes)
		}
	}

	// With a quarter of the rows it has a quarter of the work, or there are joins that compare
	// each row with each.
	if few, cut := firstOf(s.args, 16); cut {
		if part := Explain(t, pool, s.hot, s.sql, few...).Effort(); p.Effort() > 6*part {
			t.Errorf("an effort of %.0f for 16 rows, %.0f for 64", part, p.Effort())
		}
	}
}

// firstOf gives arguments whose lists of 64 are cut; cut is false when there are none.
func firstOf(args []any, n int) (few []any, cut bool) {
	for _, a := range args {
		if v := reflect.ValueOf(a); v.Kind() == reflect.Slice && v.Len() == keys {
			a, cut = v.Slice(0, n).Interface(), true
		}
		few = append(few, a)
	}
	return few, cut
}
