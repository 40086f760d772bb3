package mailfake

import (
	"cmp"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// view is what one client believes to be in the folder that it has selected. IMAP also numbers mails by their place in the folder (the
// sequence number), and a mail's place may only change when the client is told. So each client has its own list, known.
type view struct {
	folder    *folder
	readOnly  bool
	known     []seen
	lastUID   imap.UID    // the newest mail that was announced
	seenEdits int         // folder.edits when this view last looked
	saved     imap.UIDSet // the last search result that was saved, which "$" names (RFC 5182)
}

// seen is a mail as the client knows it.
type seen struct {
	msg     *message
	version int // of the flags that the client knows
}

// target is a mail with the number by which the client knows it.
type target struct {
	seq uint32
	msg *message
}

func newViewLocked(f *folder, readOnly bool) *view {
	v := &view{folder: f, readOnly: readOnly, seenEdits: f.edits}
	v.admitNewLocked()
	return v
}

// admitNewLocked takes the mails in that the client has not been told of yet, and returns how many there were.
func (v *view) admitNewLocked() int {
	msgs := v.folder.msgs
	firstNew, _ := slices.BinarySearchFunc(msgs, v.lastUID+1, func(m *message, uid imap.UID) int { return cmp.Compare(m.uid, uid) })
	for _, m := range msgs[firstNew:] {
		v.known = append(v.known, seen{m, m.version})
		v.lastUID = m.uid
	}
	return len(msgs) - firstNew
}

// update is one line that the client is told without asking.
type update interface {
	write(w *imapserver.UpdateWriter) error
}

type (
	// expunged is the sequence number of a mail that was expunged.
	expunged uint32
	// mailCount is how many mails the folder has.
	mailCount uint32
	// changedFlags are the new flags of a mail.
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

// pendingLocked brings the view up to date and returns what the client must hear. Only some commands let it hear that mails
// were expunged.
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

// dropExpungedLocked takes out of the view what was expunged. It goes backwards, so that the places of those before stay.
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

// newFlagsLocked returns the flags that have changed since the client heard of them.
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

// writeUpdates sends updates to the client, without the lock: the client may be slow.
func writeUpdates(w *imapserver.UpdateWriter, updates []update) error {
	for _, u := range updates {
		if err := u.write(w); err != nil {
			return err
		}
	}
	return nil
}

// targetsLocked finds the mails of a number set that still exist.
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

// containsLocked resolves "*" to the highest number there is and "$" to the last saved search result.
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

// containsSeq reports whether a set has a sequence number. highest is the highest number there is.
func containsSeq(set imap.SeqSet, seq, highest uint32) bool {
	return slices.ContainsFunc(set, func(r imap.SeqRange) bool { return isInRange(seq, r.Start, r.Stop, highest) })
}

// containsUID reports whether a set has a UID. highest is the highest UID there is.
func containsUID(set imap.UIDSet, uid, highest imap.UID) bool {
	return slices.ContainsFunc(set, func(r imap.UIDRange) bool {
		return isInRange(uint32(uid), uint32(r.Start), uint32(r.Stop), uint32(highest))
	})
}

// isInRange reports whether start:stop has n; 0 stands for "*". Both orders are allowed
// (RFC 9051 section 9, seq-range).
func isInRange(n, start, stop, highest uint32) bool {
	start = cmp.Or(start, highest)
	stop = cmp.Or(stop, highest)
	return n >= min(start, stop) && n <= max(start, stop)
}
