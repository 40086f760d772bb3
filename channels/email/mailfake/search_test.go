package mailfake_test

import (
	"github.com/emersion/go-imap/v2"
)

// from returns the UIDs from one on: UID:*.
func from(uid imap.UID) []imap.UIDSet {
	var set imap.UIDSet
	set.AddRange(uid, 0)
	return []imap.UIDSet{set}
}
