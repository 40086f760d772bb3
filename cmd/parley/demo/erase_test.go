package demo

import (
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/erase"
)

// erase erases the customer with this name on all accounts, while Parley runs. Then it searches all columns of the database
// for words that may not be left.
func (s *stage) erase(name string, words []string) error {
	rows, err := s.db.Pool.Query(s.ctx, `SELECT DISTINCT contact_id FROM identities
		WHERE lower(name || key) LIKE '%' || lower($1) || '%'`, name)
	if err != nil {
		return err
	}
	contacts, err := pgx.CollectRows(rows, pgx.RowTo[store.ContactID])
	if err != nil {
		return err
	}
	if len(contacts) == 0 {
		return fmt.Errorf("nobody is called %s", name)
	}

	o := s.db.Erasing(s.env)
	id, err := erase.Begin(s.ctx, o, contacts, "ann@acme.test")
	if err != nil {
		return err
	}
	err = s.until("what waits is applied, and the contact erased", func() (bool, error) {
		_, err := erase.Run(s.ctx, o, id)
		if errors.Is(err, erase.ErrWaiting) || errors.Is(err, erase.ErrInChats) || errors.Is(err, erase.ErrBusy) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return err
	}

	if err := s.untilSettled(); err != nil {
		return err
	}
	for _, word := range words {
		if err := errors.Join(s.checkNotInDatabase(strings.ToLower(word)), s.checkNotInPosts(strings.ToLower(word))); err != nil {
			return err
		}
	}
	return nil
}

// checkNotInPosts returns an error for each post by Parley, to all or directly to an agent, that contains a word.
func (s *stage) checkNotInPosts(word string) error {
	var all []shown
	for _, root := range s.board.roots() {
		all = append(all, s.board.thread(root.ID)...)
	}
	var left []error
	for _, m := range append(all, s.board.direct("ann")...) {
		if m.Ours && !m.Gone && strings.Contains(strings.ToLower(m.Text+strings.Join(m.Files, " ")), word) {
			left = append(left, fmt.Errorf("%q is left in a post: %+v", word, m))
		}
	}
	return errors.Join(left...)
}

const everyColumn = `
	SELECT c.table_name,
		CASE c.data_type WHEN 'bytea' THEN format('encode(t.%I, ''escape'')', c.column_name) ELSE format('t.%I::text', c.column_name) END
	FROM information_schema.columns AS c
	JOIN information_schema.tables AS t USING (table_schema, table_name)
	WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'`

// checkNotInDatabase returns an error for each column of the database that contains a word.
func (s *stage) checkNotInDatabase(word string) error {
	rows, err := s.db.Pool.Query(s.ctx, everyColumn)
	if err != nil {
		return err
	}
	type column struct{ Table, Text string }
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByPos[column])
	if err != nil {
		return err
	}

	var left []error
	for _, c := range columns {
		var n int
		var some *string
		sql := `SELECT count(*), min(t::text) FROM ` + c.Table + ` AS t WHERE position($1 IN lower(` + c.Text + `)) > 0`
		if err := s.db.Pool.QueryRow(s.ctx, sql, word).Scan(&n, &some); err != nil {
			return fmt.Errorf("%s: %w", c.Table, err)
		}
		if n > 0 {
			left = append(left, fmt.Errorf("%q is left in %d rows of %s, %s: %.500s", word, n, c.Table, c.Text, *some))
		}
	}
	return errors.Join(left...)
}
