package storetest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A statement that is fast in a small database may be slow in a full one, because PostgreSQL scans a table instead of using
// an index. To find such statements, Run fills a database with a crowd, which is a list of SQL statements that insert very
// many rows, and checks how many rows each statement reads.

// Statement is an SQL statement whose plan is checked.
type Statement struct {
	Name string
	SQL  string
	// Args are the statement's arguments. If they contain lists of 64 elements, the statement is also run with shorter lists,
	// to check that the work grows no faster than the lists.
	Args []any
	Hot  bool // run it with the relay's settings; see ExplainHot
	// MaxRows is the maximum number of rows that may be read from a table, by the table's name.
	MaxRows map[string]float64
	Index   string // an index that must be used; empty means any
}

// Run fills a database with a crowd and checks each statement: it must read at most MaxRows rows, use its index, and not scan a
// large table. Hot statements on queues are also checked with a plan that was made while the tables were empty.
func Run(t *testing.T, pool *pgxpool.Pool, crowd []string, statements []Statement) {
	t.Helper()
	// The queues are empty most of the time, so a plan is often made then. It must still be good when the queues fill up.
	early, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer early.Release()

	for i, s := range statements {
		if s.Hot && s.MaxRows["queues"] > 0 {
			prepare(t, early, fmt.Sprint("early", i), s.SQL, s.Args...)
		}
	}

	fill(t, pool, crowd)
	blind := map[string]float64{} // effort with plans that were made when the tables were empty
	for i, s := range statements {
		if s.Hot && s.MaxRows["queues"] > 0 {
			blind[s.Name] = explainPrepared(t, early, fmt.Sprint("early", i), s.Args...).Effort()
		}
	}

	exec(t, pool, `ANALYZE`)

	for _, s := range statements {
		t.Run(s.Name, func(t *testing.T) { s.check(t, pool, blind[s.Name]) })
	}
}

// check checks the plan of one statement. blind is the effort of the plan that was made while the tables were empty, or 0 if no
// such plan was made.
func (s Statement) check(t *testing.T, pool *pgxpool.Pool, blind float64) {
	t.Helper()
	p := s.explain(t, pool, s.Args)
	if most := maxBlindGrowth * p.Effort(); blind > most {
		t.Errorf("planned when the tables were empty, it has an effort of %.0f, at most %.0f is right", blind, most)
	}

	for table, limit := range s.MaxRows {
		rows, indexes := p.Touched(table)
		mayScan := limit >= scanRows || table == "gates" // gates has few rows
		isScanned := strings.Contains(indexes, "SEQSCAN")
		if rows > limit || (isScanned && !mayScan) {
			t.Errorf("%.0f rows of %s were read, at most %.0f are needed; indexes %s", rows, table, limit, indexes)
		}
		if !strings.Contains(indexes, s.Index) {
			t.Errorf("index %s is not used, but %s", s.Index, indexes)
		}
	}

	if few, cut := firstOf(s.Args, keys/4); cut {
		if part := s.explain(t, pool, few).Effort(); p.Effort() > maxQuarters*part {
			t.Errorf("an effort of %.0f for %d rows, %.0f for %d", part, keys/4, p.Effort(), keys)
		}
	}
}

const (
	// maxBlindGrowth limits the effort of a plan made while the tables were empty, as a multiple of a current plan's effort.
	// For a join that compares all rows, the factor is about a thousand.
	maxBlindGrowth = 30
	// scanRows is the MaxRows from which a sequential scan of the table is allowed.
	scanRows = 100
	// maxQuarters limits how much the effort may grow for lists that are four times as long. For a join that compares each
	// element with each other, the factor is sixteen.
	maxQuarters = 6
)

func (s Statement) explain(t *testing.T, pool *pgxpool.Pool, args []any) Plan {
	t.Helper()
	if s.Hot {
		return ExplainHot(t, pool, s.SQL, args...)
	}
	return Explain(t, pool, s.SQL, args...)
}

// firstOf returns a copy of args in which lists of length keys are cut to n elements. cut is false if there are no such lists.
func firstOf(args []any, n int) (few []any, cut bool) {
	for _, a := range args {
		if v := reflect.ValueOf(a); v.Kind() == reflect.Slice && v.Len() == keys {
			a, cut = v.Slice(0, n).Interface(), true
		}
		few = append(few, a)
	}
	return few, cut
}
