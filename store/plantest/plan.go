// Package plantest looks at the plans that PostgreSQL makes for statements, in databases that are as
// full as they get.
//
// What does not belong here: what a statement means; that is tested beside it.
package plantest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// Plan is a node of EXPLAIN (ANALYZE, FORMAT JSON), with the nodes below it.
type Plan struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"` // empty for a node that reads no table
	Index string `json:"Index Name"`    // empty for a node that reads no index

	// What the node did. PostgreSQL gives rows for each loop, and blocks for all loops together with those of the nodes below.
	Loops           float64 `json:"Actual Loops"`
	Rows            float64 `json:"Actual Rows"`
	RemovedByFilter float64 `json:"Rows Removed by Filter"`
	RemovedByJoin   float64 `json:"Rows Removed by Join Filter"`
	BlocksHit       float64 `json:"Shared Hit Blocks"`  // found in memory
	BlocksRead      float64 `json:"Shared Read Blocks"` // read from the disk

	Plans []Plan `json:"Plans"`
}

// Explain runs a statement and returns its plan. Nothing of what it does stays.
func Explain(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) Plan {
	t.Helper()
	return explainWith(t, pool, []string{"jit = off"}, sql, args...)
}

// ExplainHot is Explain with the settings of the connections on which the relay claims and applies (hotSettings). They keep one
// plan for all arguments.
func ExplainHot(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) Plan {
	t.Helper()
	return explainWith(t, pool, hotSettings(), sql, args...)
}

func explainWith(t *testing.T, pool *pgxpool.Pool, settings []string, sql string, args ...any) Plan {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, setting := range settings {
		exec(t, conn, "SET "+setting)
	}

	exec(t, conn, "PREPARE once AS "+sql)
	defer func() {
		_, _ = conn.Exec(t.Context(), "DEALLOCATE once")
		_, _ = conn.Exec(t.Context(), "RESET ALL")
	}()

	return explainPrepared(t, conn, "once", args...)
}

// hotSettings are those of the connections with which the relay claims and applies: relay.OpenSessions sets the same and says why.
func hotSettings() []string {
	return []string{"jit = off", "enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off",
		"plan_cache_mode = force_generic_plan"}
}

// prepare lets a connection with hotSettings plan a statement now. The plan stays until PostgreSQL learns more of the tables.
func prepare(t *testing.T, conn *pgxpool.Conn, name, sql string, args ...any) {
	t.Helper()
	for _, setting := range hotSettings() {
		exec(t, conn, "SET "+setting)
	}
	exec(t, conn, "PREPARE "+name+" AS "+sql)
	exec(t, conn, "EXPLAIN EXECUTE "+name+writeLiterals(t, args))
}

// explainPrepared runs a prepared statement and returns its plan. Nothing of what it does stays.
func explainPrepared(t *testing.T, conn *pgxpool.Conn, name string, args ...any) Plan {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	var body []byte
	sql := "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE " + name + writeLiterals(t, args)
	if err := tx.QueryRow(t.Context(), sql, pgx.QueryExecModeSimpleProtocol).Scan(&body); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}

	var plans []struct{ Plan Plan }
	if err := json.Unmarshal(body, &plans); err != nil {
		t.Fatal(err)
	}

	return plans[0].Plan
}

// writeLiterals writes the arguments of a prepared statement.
func writeLiterals(t *testing.T, args []any) string {
	t.Helper()
	if len(args) == 0 {
		return ""
	}
	list := make([]string, len(args))
	for i, a := range args {
		list[i] = writeLiteral(t, a)
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// writeLiteral writes an argument as SQL. Its texts have nothing to be quoted.
func writeLiteral(t *testing.T, a any) string {
	t.Helper()
	value := reflect.ValueOf(a)
	if value.Kind() != reflect.Slice {
		return fmt.Sprintf("'%v'", a)
	}
	if value.IsNil() {
		return "NULL"
	}
	list := make([]string, value.Len())
	for i := range list {
		list[i] = fmt.Sprintf(`"%v"`, value.Index(i))
	}
	return "'{" + strings.Join(list, ",") + "}'"
}

// walk visits all nodes.
func (p Plan) walk(f func(Plan)) {
	f(p)
	for _, child := range p.Plans {
		child.walk(f)
	}
}

// Buffers returns how many blocks a plan read, from memory or from the disk.
func (p Plan) Buffers() float64 { return p.BlocksHit + p.BlocksRead }

// Effort returns the sum of the rows that all nodes of a plan looked at and the blocks that it read. It serves to compare plans.
func (p Plan) Effort() float64 {
	sum := p.Buffers()
	p.walk(func(n Plan) { sum += (n.Rows + n.RemovedByFilter + n.RemovedByJoin) * n.Loops })
	return sum
}

// Touched returns how many rows of a table a plan looked at, and the names of all indexes that it used, of other tables too: some
// nodes name an index and no table. "SEQSCAN" among the names means that it read the table without an index.
func (p Plan) Touched(table string) (rows float64, indexes string) {
	p.walk(func(n Plan) {
		if n.Table == table && strings.Contains(n.Type, "Scan") {
			rows += (n.Rows + n.RemovedByFilter) * n.Loops
		}
		if n.Index != "" {
			indexes += n.Index + " "
		}
		if n.Table == table && n.Type == "Seq Scan" {
			indexes += "SEQSCAN "
		}
	})
	return rows, indexes
}

func exec(t *testing.T, q store.Querier, sql string) {
	t.Helper()
	if _, err := q.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
