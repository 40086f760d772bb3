package demo

import (
	"encoding/json"

	"parley/channels"
	"parley/cmd/parley/demo/outside"
	"parley/store"
)

// settle waits until nothing is under way: no fact unapplied, no event undelivered,
// no delivery due. What waits for its hold, or for a person, stays.
func (s *stage) settle() error {
	learning := "" // from what was resolved, which other stories don't wait for
	if s.analyzer != nil {
		learning = ` + (SELECT count(*) FROM solved_due)`
	}
	return s.idle("everything settles", `SELECT (SELECT count(*) FROM queued) + (SELECT count(*) FROM timers WHERE due_at <= parley_now())
		+ (SELECT count(*) FROM lanes WHERE due_at <= parley_now() + interval '1 second' OR leased_until IS NOT NULL)`+learning)
}

// arrive waits until all that came is applied, and files are fetched, whatever of it can't be
// posted.
func (s *stage) arrive() error {
	return s.idle("everything arrives", `SELECT (SELECT count(*) FROM queued) + (SELECT count(*) FROM fetches WHERE due_at IS NOT NULL)`)
}

// idle waits until a query that counts what is under way stays at nothing.
func (s *stage) idle(what, busy string) error {
	quiet := 0
	return s.until(what, func() (bool, error) {
		var n int
		if err := s.db.Pool.QueryRow(s.ctx, busy).Scan(&n); err != nil {
			return false, err
		}
		if n > 0 || len(s.running) > 0 && s.pending() || !s.fetched() || !s.told() {
			quiet = 0
			return false, nil
		}
		quiet++
		return quiet > 3, nil
	})
}

// pending reports whether something that agents did hasn't reached Parley.
func (s *stage) pending() bool { return !s.every(func(b board) bool { return !b.pending() }) }

// fetched reports whether every mail in the mailbox is read, unless nobody reads it now.
func (s *stage) fetched() bool {
	inbox := s.world.Mail.Inbox(outside.HelpAddress)
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

// told reports whether no webhook is on its way, unless nobody listens.
func (s *stage) told() bool {
	phones := s.world.Phones()
	if phones == nil || len(s.running) == 0 {
		return true
	}
	return phones.Waiting() == 0
}
