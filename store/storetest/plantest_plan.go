package storetest

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

// Plan is a node of the output of EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON), with its child nodes.
type Plan struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"` // empty for a node that reads no table
	Index string `json:"Index Name"`    // empty for a node that reads no index

	// The node's work. Rows are averages per loop. Blocks are totals of all loops and include the child nodes.
	Loops           float64 `json:"Actual Loops"`
	Rows            float64 `json:"Actual Rows"`
	RemovedByFilter float64 `json:"Rows Removed by Filter"`
	RemovedByJoin   float64 `json:"Rows Removed by Join Filter"`
	BlocksHit       float64 `json:"Shared Hit Blocks"`  // found in memory
	BlocksRead      float64 `json:"Shared Read Blocks"` // read from the disk

	Plans []Plan `json:"Plans"`
}

// Explain runs a statement, rolls it back, and returns its plan.
func Explain(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) Plan {
	t.Helper()
	return explainWith(t, pool, []string{"jit = off"}, sql, args...)
}

// ExplainHot is like Explain, but uses the settings of the relay's connections (hotSettings). The relay is the part of Parley
// that applies incoming events and sends messages. Its connections use one plan for all arguments of a statement.
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

// hotSettings returns the settings of the relay's connections. relay.OpenSessions sets the same ones and gives the reasons.
func hotSettings() []string {
	return []string{"jit = off", "enable_seqscan = off", "enable_hashjoin = off", "enable_mergejoin = off",
		"plan_cache_mode = force_generic_plan"}
}

// prepare prepares and plans a statement with hotSettings. The connection keeps the plan until PostgreSQL has new statistics of
// the tables.
func prepare(t *testing.T, conn *pgxpool.Conn, name, sql string, args ...any) {
	t.Helper()
	for _, setting := range hotSettings() {
		exec(t, conn, "SET "+setting)
	}
	exec(t, conn, "PREPARE "+name+" AS "+sql)
	exec(t, conn, "EXPLAIN EXECUTE "+name+writeLiterals(t, args))
}

// explainPrepared runs a prepared statement, rolls it back, and returns its plan.
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

// writeLiterals returns the argument list for EXECUTE, such as "('1', '{"a","b"}')".
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

// writeLiteral returns an argument as an SQL literal. It doesn't escape quotes, because the tests' arguments contain none.
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

// walk calls f for the node and all of its descendants.
func (p Plan) walk(f func(Plan)) {
	f(p)
	for _, child := range p.Plans {
		child.walk(f)
	}
}

// Buffers returns how many blocks a plan read, from memory or from the disk.
func (p Plan) Buffers() float64 { return p.BlocksHit + p.BlocksRead }

// Effort returns a measure of work for comparing plans: the rows that all nodes processed plus the blocks that the plan read.
func (p Plan) Effort() float64 {
	sum := p.Buffers()
	p.walk(func(n Plan) { sum += (n.Rows + n.RemovedByFilter + n.RemovedByJoin) * n.Loops })
	return sum
}

// Touched returns how many rows of a table a plan read, and the names of the indexes that it used, separated by spaces. The
// names include indexes of other tables, because some nodes name an index but no table. The name "SEQSCAN" means that the
// plan read the table without an index.
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
