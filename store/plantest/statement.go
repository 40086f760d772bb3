package plantest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A statement that is fast in a small database may be slow in a full one, if PostgreSQL then scans a table instead
// of using an index. Tests fill a database with a crowd, which is a list of SQL statements that insert very many
// rows, and check here how many rows each statement reads.

// Statement is an SQL statement whose plan is checked.
type Statement struct {
	Name string
	SQL  string
	// Args are the statement's arguments. Lists of 64 among them are also tried with fewer, because the work must not grow
	// faster than the lists.
	Args []any
	Hot  bool // the relay runs it (see ExplainHot)
	// MaxRows is the number of rows that may be read of a table, by the table's name.
	MaxRows map[string]float64
	Index   string // an index that must be used; empty means any
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

// check checks the plan of one statement. blind is the effort of the plan that was made when the tables
// were empty. It is 0 if that is unknown.
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
	maxBlindGrowth = 30  // times the effort, with a plan made when tables were empty. A join that compares all rows has a thousand times
	scanRows       = 100 // needed of a table, from which on a sequential scan of it is right
	maxQuarters    = 6   // times the effort, for four times the rows. A join that compares each with each has sixteen times
)

func (s Statement) explain(t *testing.T, pool *pgxpool.Pool, args []any) Plan {
	t.Helper()
	if s.Hot {
		return ExplainHot(t, pool, s.SQL, args...)
	}
	return Explain(t, pool, s.SQL, args...)
}

// firstOf returns arguments in which lists of the length keys are cut to n. cut is false if there are none.
func firstOf(args []any, n int) (few []any, cut bool) {
	for _, a := range args {
		if v := reflect.ValueOf(a); v.Kind() == reflect.Slice && v.Len() == keys {
			a, cut = v.Slice(0, n).Interface(), true
		}
		few = append(few, a)
	}
	return few, cut
}
