package mailfake

import (
	"cmp"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// view is the selected folder as one client knows it. It is needed because IMAP numbers mails by their position in the
// folder (the sequence number), and a client must be told before positions change. Suppose a client knows the mails A, B
// and C as 1, 2 and 3, and another client expunges A. Until the first client hears of it, "FETCH 2" must still return B.
type view struct {
	folder    *folder
	readOnly  bool
	known     []seen
	lastUID   imap.UID    // the newest mail that was announced
	seenEdits int         // folder.edits at the last update of this view
	saved     imap.UIDSet // the last saved search result, "$" (RFC 5182)
}

// seen is a mail as the client knows it.
type seen struct {
	msg     *message
	version int // message.version of the flags that the client knows
}

// target is a mail with its sequence number, which is 0 if the client doesn't know the mail yet.
type target struct {
	seq uint32
	msg *message
}

func newViewLocked(f *folder, readOnly bool) *view {
	v := &view{folder: f, readOnly: readOnly, seenEdits: f.edits}
	v.admitNewLocked()
	return v
}

// admitNewLocked adds the mails that are new to the client, and returns how many there are.
func (v *view) admitNewLocked() int {
	msgs := v.folder.msgs
	firstNew, _ := slices.BinarySearchFunc(msgs, v.lastUID+1, func(m *message, uid imap.UID) int { return cmp.Compare(m.uid, uid) })
	for _, m := range msgs[firstNew:] {
		v.known = append(v.known, seen{m, m.version})
		v.lastUID = m.uid
	}
	return len(msgs) - firstNew
}

// update is one unsolicited response to the client.
type update interface {
	write(w *imapserver.UpdateWriter) error
}

type (
	// expunged announces that the mail with this sequence number was expunged.
	expunged uint32
	// mailCount announces the number of mails in the folder.
	mailCount uint32
	// changedFlags announces new flags of a mail.
	changedFlags struct {
		seq   uint32
		uid   imap.UID
		flags []imap.Flag
	}
)

func (seq expunged) write(w *imapserver.UpdateWriter) error { return w.WriteExpunge(uint32(seq)) }

func (n mailCount) write(w *imapserver.UpdateWriter) error { return w.WriteNumMessages(uint32(n)) }

func (c changedFlags) write(w *imapserver.UpdateWriter) error {
	return w.WriteMessageFlags(c.seq, c.uid, c.flags)
}

// pendingLocked updates the view and returns the responses for the client. Expunged mails are included only if
// allowExpunge is true, because IMAP allows them only after some commands.
func (v *view) pendingLocked(allowExpunge bool) []update {
	var out []update
	if v.seenEdits != v.folder.edits {
		if allowExpunge {
			v.seenEdits = v.folder.edits
			out = v.dropExpungedLocked()
		}
		out = append(out, v.newFlagsLocked()...)
	}
	if v.admitNewLocked() > 0 {
		out = append(out, mailCount(len(v.known)))
	}
	return out
}

// dropExpungedLocked removes expunged mails from the view. It goes backwards, so that earlier sequence numbers stay valid.
func (v *view) dropExpungedLocked() []update {
	var out []update
	for i, k := range slices.Backward(v.known) {
		if k.msg.gone {
			out = append(out, expunged(i+1))
			v.known = slices.Delete(v.known, i, i+1)
		}
	}
	return out
}

// newFlagsLocked returns the flags that the client doesn't know yet.
func (v *view) newFlagsLocked() []update {
	var out []update
	for i, k := range v.known {
		if !k.msg.gone && k.version != k.msg.version {
			v.known[i].version = k.msg.version
			out = append(out, changedFlags{uint32(i + 1), k.msg.uid, k.msg.flagList()})
		}
	}
	return out
}

// writeUpdates sends updates to the client. It must be called without the lock, because the client may be slow.
func writeUpdates(w *imapserver.UpdateWriter, updates []update) error {
	for _, u := range updates {
		if err := u.write(w); err != nil {
			return err
		}
	}
	return nil
}

// targetsLocked returns the existing mails in a set of numbers.
func (v *view) targetsLocked(set imap.NumSet) []target {
	var out []target
	inSet := v.containsLocked(set)
	for i, k := range v.known {
		seq := uint32(i + 1)
		if !k.msg.gone && inSet(seq, k.msg.uid) {
			out = append(out, target{seq, k.msg})
		}
	}
	return out
}

// containsLocked returns a function that reports whether a mail is in a set. It resolves "*" to the highest number and "$"
// to the saved search result.
func (v *view) containsLocked(set imap.NumSet) func(seq uint32, uid imap.UID) bool {
	if imap.IsSearchRes(set) {
		set = v.saved
	}

	maxUID := imap.UID(0)
	for _, k := range v.known {
		maxUID = max(maxUID, k.msg.uid)
	}

	switch set := set.(type) {
	case imap.SeqSet:
		return func(seq uint32, _ imap.UID) bool { return containsSeq(set, seq, uint32(len(v.known))) }
	case imap.UIDSet:
		return func(_ uint32, uid imap.UID) bool { return containsUID(set, uid, maxUID) }
	}

	return func(uint32, imap.UID) bool { return false }
}

// containsSeq reports whether a set contains a sequence number. highest is the value of "*".
func containsSeq(set imap.SeqSet, seq, highest uint32) bool {
	return slices.ContainsFunc(set, func(r imap.SeqRange) bool { return isInRange(seq, r.Start, r.Stop, highest) })
}

// containsUID reports whether a set contains a UID. highest is the value of "*".
func containsUID(set imap.UIDSet, uid, highest imap.UID) bool {
	return slices.ContainsFunc(set, func(r imap.UIDRange) bool {
		return isInRange(uint32(uid), uint32(r.Start), uint32(r.Stop), uint32(highest))
	})
}

// isInRange reports whether the range start:stop contains n. 0 means "*". The ends may be in any order (RFC 9051 section 9,
// seq-range).
func isInRange(n, start, stop, highest uint32) bool {
	start = cmp.Or(start, highest)
	stop = cmp.Or(stop, highest)
	return n >= min(start, stop) && n <= max(start, stop)
}
