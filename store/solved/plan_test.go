package solved_test

import (
	"strconv"
	"testing"

	"parley/store/plantest"
	"parley/store/solved"
	"parley/store/storetest"
)

// However many conversations are kept, a search reads only the newest ones of each account.
func TestPlans(t *testing.T) {
	t.Parallel()
	crowd := []string{
		`ALTER TABLE solved DROP CONSTRAINT solved_conversation_id_fkey`, // the conversations are not needed for this
		`ALTER TABLE solved_due DROP CONSTRAINT solved_due_conversation_id_fkey`,
		`INSERT INTO solved (conversation_id, account_id, team_id, intent, tags, agent_id, asked, answered, config, words)
			SELECT n, 1 + n % 5, 1 + n / 100 % 3, 'return', '{}', 1, 'a lamp', 'an answer', 'pg_catalog.english', ('lamp word' || n % 1000)::tsvector
			FROM generate_series(1, ` + strconv.Itoa(plantest.Many()) + `) AS n`,
		`INSERT INTO solved_due (conversation_id) SELECT n FROM generate_series(1, 100000) AS n`,
	}
	plantest.Run(t, storetest.DB(t), crowd, []plantest.Statement{
		{
			Name:    "like a text",
			SQL:     solved.LikeSQL,
			Args:    []any{[]int64{1, 2}, int64(2), "lamps", 500, 50},
			Hot:     true,
			MaxRows: map[string]float64{"solved": 1000},
			Index:   "solved_pkey",
		},
		{
			Name:    "read due",
			SQL:     solved.ReadDueSQL,
			Args:    []any{20},
			MaxRows: map[string]float64{"solved_due": 60},
			Index:   "solved_due_pkey",
		},
		{
			Name:    "take due",
			SQL:     solved.TakeDueSQL,
			Args:    []any{[]int64{1, 2, 3}, []string{"1", "1", "1"}},
			MaxRows: map[string]float64{"solved_due": 60},
			Index:   "solved_due_pkey",
		},
		{
			Name:    "forget one",
			SQL:     `DELETE FROM solved WHERE conversation_id = $1`,
			Args:    []any{int64(4711)},
			MaxRows: map[string]float64{"solved": 5},
			Index:   "solved_conversation",
		},
		{
			Name:    "drop old",
			SQL:     solved.DropOldSQL,
			Args:    []any{int64(1), int64(1), 100_000},
			MaxRows: map[string]float64{"solved": 100_010},
			Index:   "solved_pkey",
		},
	})
}
