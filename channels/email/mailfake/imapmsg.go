package mailfake

import (
	"bytes"
	"cmp"
	"fmt"
	"net"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// chunk is how much of a mail is handed to the connection at once.
const chunk = 32 << 10

// Fetch implements imapserver.Session.
func (ss *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	h, err := ss.beginCommand(OpFETCH)
	if err != nil {
		return err
	}

	ss.mu.Lock()
	targets := ss.view.targetsLocked(set)
	ss.mu.Unlock()
	ss.spoilFetch(h, targets)
	for i, t := range targets {
		f, expunges := h.find(ActionExpunge)
		if expunges && i >= len(targets)-max(f.Count, 1) {
			ss.mu.Lock()
			ss.boxes.removeLocked(ss.view.folder, func(m *message) bool { return m == t.msg })
			ss.mu.Unlock()
			continue
		}

		if _, ok := h.find(ActionFlagsOnly); ok {
			ss.mu.Lock()
			flags := t.msg.flagList()
			ss.mu.Unlock()
			one := w.CreateMessage(t.seq)
			one.WriteUID(t.msg.uid)
			one.WriteFlags(flags)
			err = one.Close()
		} else {
			err = ss.fetchOne(w.CreateMessage(t.seq), t.msg, options)
		}

		if err != nil {
			return err
		}
	}

	ss.endCommand(h)
	return nil
}

// spoilFetch does what a faulty server does before or around the answer. The raw writes
// are safe: between commands the library's buffer is empty.
func (ss *session) spoilFetch(h hits, targets []target) {
	if f, ok := h.find(ActionExists); ok {
		ss.repeatExists(f)
	}
	if len(targets) == 0 {
		return
	}
	if _, ok := h.find(ActionUnknownItem); ok {
		t := targets[0]
		_, _ = fmt.Fprintf(ss.conn.NetConn(), "* %d FETCH (UID %d X-FAKE-ITEM (nobody knows))\r\n", t.seq, t.msg.uid)
	}

	for _, action := range []Action{ActionCut, ActionFreeze} {
		f, ok := h.find(action)
		if !ok {
			continue
		}

		const maxLine = 60 // the line before the literal is shorter
		n := f.Bytes
		if n == 0 {
			n = maxLine + len(targets[0].msg.raw)/2
		}

		var freeze func()
		if action == ActionFreeze {
			freeze = func() { ss.faults.pause(ss.fc, h, ActionFreeze) }
		}

		ss.fc.cutAfter(n, freeze)
	}
}

// repeatExists repeats the number of mails that the client knows already.
func (ss *session) repeatExists(f Fault) {
	const defaultCount = 20
	n := cmp.Or(f.Count, defaultCount)
	ss.mu.Lock()
	known := 0
	if ss.view != nil {
		known = len(ss.view.known)
	}
	ss.mu.Unlock()
	line := fmt.Sprintf("* %d EXISTS\r\n", known)
	_, _ = ss.conn.NetConn().Write(bytes.Repeat([]byte(line), n))
}

func (ss *session) fetchOne(w *imapserver.FetchResponseWriter, m *message, options *imap.FetchOptions) error {
	ss.mu.Lock()

	for _, bs := range options.BodySection {
		if !bs.Peek && !ss.view.readOnly {
			ss.markSeenLocked(m)
		}
	}

	flags := m.flagList()
	ss.mu.Unlock()
	w.WriteUID(m.uid)
	if options.Flags {
		w.WriteFlags(flags)
	}
	if options.InternalDate {
		w.WriteInternalDate(m.at)
	}
	if options.RFC822Size {
		w.WriteRFC822Size(int64(len(m.raw)))
	}
	if options.Envelope {
		w.WriteEnvelope(envelopeOf(m.raw))
	}
	if options.BodyStructure != nil {
		w.WriteBodyStructure(bodyStructure(m.raw))
	}

	var err error
	for _, bs := range options.BodySection {
		data := bodySection(m.raw, bs)
		lit := w.WriteBodySection(bs, int64(len(data)))
		for len(data) > 0 && err == nil {
			n := min(chunk, len(data))
			_, err = lit.Write(data[:n])
			data = data[n:]
		}

		if cerr := lit.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			break
		}
	}

	if cerr := w.Close(); err == nil { // always: it also unlocks the connection's writer
		err = cerr
	}

	return err
}

func (ss *session) markSeenLocked(m *message) {
	if !m.has(imap.FlagSeen) {
		m.setFlag(imap.FlagSeen, true)
		ss.boxes.changedLocked(ss.view.folder, m.uid, ChangeFlags)
	}
}

// bodyStructure describes a mail. A multipart without parts, which IMAP cannot express
// and on which the library panics, becomes an empty text.
func bodyStructure(raw []byte) imap.BodyStructure {
	return withParts(imapserver.ExtractBodyStructure(bytes.NewReader(raw)))
}

func withParts(bs imap.BodyStructure) imap.BodyStructure {
	switch bs := bs.(type) {
	case *imap.BodyStructureMultiPart:
		if len(bs.Children) == 0 {
			return &imap.BodyStructureSinglePart{Type: "text", Subtype: "plain",
				Text: &imap.BodyStructureText{}, Extended: &imap.BodyStructureSinglePartExt{}}
		}

		for i, child := range bs.Children {
			bs.Children[i] = withParts(child)
		}
	case *imap.BodyStructureSinglePart:
		if bs.MessageRFC822 != nil {
			bs.MessageRFC822.BodyStructure = withParts(bs.MessageRFC822.BodyStructure)
		}
	}

	return bs
}

// bodySection takes a section out of a mail; the whole mail without copying it.
func bodySection(raw []byte, bs *imap.FetchItemBodySection) []byte {
	if bs.Specifier != imap.PartSpecifierNone || len(bs.Part) > 0 {
		return imapserver.ExtractBodySection(bytes.NewReader(raw), bs)
	}
	if p := bs.Partial; p != nil {
		start := min(p.Offset, int64(len(raw)))
		return raw[start:min(start+p.Size, int64(len(raw)))]
	}
	return raw
}

// Store implements imapserver.Session.
func (ss *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, _ *imap.StoreOptions) error {
	h, err := ss.beginCommand(OpSTORE)
	if err != nil {
		return err
	}
	if err := checkFlags(flags.Flags); err != nil {
		return err
	}

	ss.mu.Lock()

	if ss.view.readOnly {
		ss.mu.Unlock()
		return noError("", "Mailbox is read-only")
	}

	targets := ss.view.targetsLocked(set)
	for _, t := range targets {
		storeFlags(t.msg, flags)
		ss.view.known[t.seq-1].version = t.msg.version
		ss.boxes.changedLocked(ss.view.folder, t.msg.uid, ChangeFlags)
	}

	ss.mu.Unlock()

	for _, t := range targets {
		if flags.Silent {
			break
		}
		if err := ss.fetchOne(w.CreateMessage(t.seq), t.msg, &imap.FetchOptions{Flags: true}); err != nil {
			return err
		}
	}

	ss.endCommand(h)
	return nil
}

func storeFlags(m *message, change *imap.StoreFlags) {
	if change.Op == imap.StoreFlagsSet {
		for _, f := range m.flagList() {
			m.setFlag(f, false)
		}
	}
	for _, f := range change.Flags {
		m.setFlag(f, change.Op != imap.StoreFlagsDel)
	}
}

// Copy implements imapserver.Session.
func (ss *session) Copy(set imap.NumSet, destName string) (*imap.CopyData, error) {
	return ss.copyTo(set, destName, false)
}

// Move implements imapserver.SessionMove. The EXPUNGE lines follow from the poll after the command.
func (ss *session) Move(w *imapserver.MoveWriter, set imap.NumSet, destName string) error {
	data, err := ss.copyTo(set, destName, true)
	if err != nil {
		return err
	}
	if data == nil {
		return nil
	}
	return w.WriteCopyData(data)
}

// copyTo returns nil if there was nothing to copy: COPYUID cannot say that.
func (ss *session) copyTo(set imap.NumSet, destName string, remove bool) (*imap.CopyData, error) {
	h, err := ss.beginCommand(OpMOVE)
	if err != nil {
		return nil, err
	}

	ss.mu.Lock()
	dest := ss.acct.findFolder(destName)
	if dest == nil {
		ss.mu.Unlock()
		return nil, noError(imap.ResponseCodeTryCreate, "No such mailbox")
	}

	mayRemove := dest != ss.view.folder && !ss.view.readOnly
	if remove && !mayRemove {
		ss.mu.Unlock()
		return nil, noError(imap.ResponseCodeCannot, "Cannot move there")
	}

	data := &imap.CopyData{UIDValidity: dest.validity}
	moved := map[*message]bool{}
	for _, t := range ss.view.targetsLocked(set) {
		c := ss.boxes.appendLocked(dest, t.msg.raw, t.msg.at, t.msg.flagList()...)
		data.SourceUIDs.AddNum(t.msg.uid)
		data.DestUIDs.AddNum(c.uid)
		moved[t.msg] = remove
	}

	ss.boxes.removeLocked(ss.view.folder, func(m *message) bool { return moved[m] })
	ss.mu.Unlock()
	ss.endCommand(h)
	if len(data.SourceUIDs) == 0 {
		return nil, nil
	}
	return data, nil
}

// Expunge implements imapserver.Session.
func (ss *session) Expunge(_ *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	h, err := ss.beginCommand(OpEXPUNGE)
	if err != nil {
		return err
	}

	ss.mu.Lock()

	if !ss.view.readOnly {
		in := func(uint32, imap.UID) bool { return true }
		if uids != nil {
			in = ss.view.containsLocked(*uids)
		}
		ss.boxes.removeLocked(ss.view.folder, func(m *message) bool { return m.has(imap.FlagDeleted) && in(0, m.uid) })
	}

	ss.mu.Unlock()
	ss.endCommand(h)
	return nil
}

// Poll implements imapserver.Session.
func (ss *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if ss.view == nil {
		return nil
	}
	ss.mu.Lock()
	updates := ss.view.pendingLocked(allowExpunge)
	ss.mu.Unlock()
	return writeUpdates(w, updates)
}

// Idle implements imapserver.Session. It announces what came since the last command too, which a server must.
func (ss *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	h, err := ss.beginCommand(OpIDLE)
	if err != nil {
		return err
	}
	if f, ok := h.find(ActionExists); ok {
		ss.repeatExists(f)
	}

	_, silent := h.find(ActionSilent)
	for {
		var signal <-chan struct{}
		var updates []update
		if ss.view != nil && !silent {
			ss.mu.Lock()
			signal = ss.view.folder.changed
			updates = ss.view.pendingLocked(true)
			ss.mu.Unlock()
		}

		if err := writeUpdates(w, updates); err != nil {
			return err
		}

		select {
		case <-signal:
		case <-stop:
			ss.endCommand(h)
			return nil
		case <-ss.fc.closed:
			return net.ErrClosed
		}
	}
}
