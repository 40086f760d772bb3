package demo

import (
	"context"
	"time"

	"parley/bridge/engine"
	"parley/store"
)

// keptFigures is the query for what each conversation contributes to the figures.
const keptFigures = `
	SELECT coalesce(string_agg(line, E'\n' ORDER BY line), '')
	FROM (SELECT to_jsonb(s)::text AS line FROM measure_shares AS s UNION ALL SELECT to_jsonb(l)::text FROM measure_labels AS l) AS x`

// recount counts the figures of a story and then counts all of them again. If a figure changes, a batch changed a
// conversation without marking it for counting. Parley has stopped before. Figures depend on no chat: they are counted again
// on one surface.
func (s *stage) recount() {
	if s.t.Failed() || s.db == nil || s.variant.on != "" && !soak() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), 5*time.Minute)
	defer cancel()

	figures := func() (text string) {
		accounts, err := store.ListAccounts(ctx, s.db.Pool)
		for done := false; !done && err == nil; { // a former session may hold the progress for a moment
			if _, err = engine.Round(ctx, s.db.Pool, engine.NewDirectory(store.Directory{Accounts: accounts}), 1000); err == nil {
				err = s.db.Pool.QueryRow(ctx, `SELECT below = 0 AND NOT EXISTS (SELECT FROM measure_due) FROM measured`).Scan(&done)
			}
		}
		if err == nil {
			err = s.db.Pool.QueryRow(ctx, keptFigures).Scan(&text)
		}
		if err != nil {
			s.t.Error(err)
		}
		return text
	}

	kept := figures()
	if _, err := s.db.Pool.Exec(ctx, `UPDATE measured SET below = (SELECT coalesce(max(id), 0) + 1 FROM conversations)`); err != nil {
		s.t.Error(err)
	}
	if again := figures(); kept != again {
		s.t.Errorf("%s: the figures that were kept differ from a recount:\n%s\n---\n%s", s.last, kept, again)
	}
}
