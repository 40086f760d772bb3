package demo

import (
	"encoding/json"

	"parley/channels"
	"parley/store"
)

// untilSettled waits until nothing is under way: all facts are applied, all events delivered, and no delivery is due. A card
// whose update was postponed because its chat is busy counts as under way. Replies that wait for their hold or for a person
// don't.
func (s *stage) untilSettled() error {
	return s.untilNothingIsLeft("everything settles", `SELECT (SELECT count(*) FROM queued)
		+ (SELECT count(*) FROM timers WHERE due_at <= parley_now())
		+ (SELECT count(*) FROM lanes WHERE leased_until IS NOT NULL
			OR due_at <= parley_now() + CASE WHEN key LIKE '%:card' THEN interval '10 seconds' ELSE interval '1 second' END)`)
}

// untilApplied waits until all events are applied and their files are fetched. The results may not be posted yet.
func (s *stage) untilApplied() error {
	return s.untilNothingIsLeft("everything arrives", `SELECT (SELECT count(*) FROM queued)
		+ (SELECT count(*) FROM fetches WHERE due_at IS NOT NULL)`)
}

// untilNothingIsLeft waits until a query that counts what is under way has returned 0 several times in a row, and nothing is
// on its way to Parley.
func (s *stage) untilNothingIsLeft(what, query string) error {
	const enough = 4
	quietLooks := 0
	return s.until(what, func() (bool, error) {
		var left int
		if err := s.db.Pool.QueryRow(s.ctx, query).Scan(&left); err != nil {
			return false, err
		}
		isHeard := len(s.running) == 0 || !s.pending()
		if left > 0 || !isHeard || !s.mailFetched() || !s.webhooksDelivered() {
			quietLooks = 0
			return false, nil
		}
		quietLooks++
		return quietLooks == enough, nil
	})
}

// pending reports whether Parley has yet to get an event from a board.
func (s *stage) pending() bool { return !s.onAllBoards(func(b board) bool { return !b.pending() }) }

// mailFetched reports whether each mail in the mailbox is read, or no Parley reads it now.
func (s *stage) mailFetched() bool {
	inbox := s.company.Mail.Inbox(HelpAddress)
	if len(s.running) == 0 || len(inbox) == 0 {
		return true
	}
	for _, account := range s.running[0].app.Engine().Accounts() {
		if account.Name != "support-mail" || account.Paused || account.Status == string(channels.Broken) {
			continue
		}
		data, err := store.LoadWatermark(s.ctx, s.db.Pool, account.ID)
		var mark struct {
			Last uint32 `json:"last"`
		}
		if err != nil || json.Unmarshal(data, &mark) != nil || mark.Last < inbox[len(inbox)-1].UID {
			return false
		}
	}
	return true
}

// webhooksDelivered reports whether no webhook is on its way, or no Parley runs.
func (s *stage) webhooksDelivered() bool {
	phones := s.company.Phones()
	if phones == nil || len(s.running) == 0 {
		return true
	}
	return phones.Waiting() == 0
}
