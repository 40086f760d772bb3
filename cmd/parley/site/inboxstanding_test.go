package site_test

import (
	"parley/store/storetest"
)

// setMode changes the mode of Maria's mailbox.
func (s *inboxSite) setMode(set string) {
	s.T.Helper()
	storetest.Exec(s.T, s.Pool, `UPDATE accounts SET `+set+` WHERE name = 'support-mail'; UPDATE settings SET version = version + 1`)
	must(0, s.engine.Reload(s.T.Context()))(s.T)
}
