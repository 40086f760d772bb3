package mailfake

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// This file implements the IMAP commands for the mails of the selected folder: FETCH, STORE, COPY, MOVE, EXPUNGE and IDLE.
// Each client has a view of the folder (imapview.go), because it may not know the latest changes.

// chunkBytes is how much of a mail is written to the connection at once.
const chunkBytes = 32 << 10

// Fetch implements imapserver.Session.
func (ss *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	h, err := ss.beginCommand(OpFETCH)
	if err != nil {
		return err
	}

	targets := ss.targets(set)
	ss.spoilFetch(h, targets)
	for i, t := range targets {
		f, expunges := h.find(ActionExpunge)
		if expunges && i >= len(targets)-max(f.Count, 1) {
			ss.remove(func(m *message) bool { return m == t.msg })
			continue
		}

		wanted := options
		if _, ok := h.find(ActionFlagsOnly); ok {
			wanted = &imap.FetchOptions{Flags: true}
		}
		if err := ss.fetchOne(w.CreateMessage(t.seq), t.msg, wanted); err != nil {
			return err
		}
	}

	ss.endCommand(h)
	return nil
}

// targets returns the existing mails in a set of numbers.
func (ss *session) targets(set imap.NumSet) []target {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	return ss.view.targetsLocked(set)
}

// remove expunges the mails of the selected folder for which drop is true.
func (ss *session) remove(drop func(*message) bool) {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	ss.boxes.removeLocked(ss.view.folder, drop)
}

// spoilFetch applies the faults that precede a FETCH response or cut it. It may write to the connection directly, because
// the library's buffer is empty between commands.
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
		middle := maxLine + len(targets[0].msg.raw)/2

		var freeze func()
		if action == ActionFreeze {
			freeze = func() { ss.faults.pause(ss.fc, h, ActionFreeze) }
		}

		ss.fc.cutAfter(cmp.Or(f.Bytes, middle), freeze)
	}
}

// repeatExists sends the number of mails that the client already knows, again and again.
func (ss *session) repeatExists(f Fault) {
	const defaultCount = 20
	n := cmp.Or(f.Count, defaultCount)
	known := 0
	if ss.view != nil {
		known = len(ss.view.known)
	}
	line := fmt.Sprintf("* %d EXISTS\r\n", known)
	_, _ = ss.conn.NetConn().Write(bytes.Repeat([]byte(line), n))
}

// fetchOne writes the FETCH response for one mail.
func (ss *session) fetchOne(w *imapserver.FetchResponseWriter, m *message, options *imap.FetchOptions) error {
	flags := ss.noteFetched(m, options.BodySection)
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
	for _, section := range options.BodySection {
		if err == nil {
			err = writeSection(w, section, bodySection(m.raw, section))
		}
	}
	return errors.Join(err, w.Close()) // Close also unlocks the connection's writer
}

func writeSection(w *imapserver.FetchResponseWriter, section *imap.FetchItemBodySection, data []byte) error {
	literal := w.WriteBodySection(section, int64(len(data)))
	var err error
	for part := range slices.Chunk(data, chunkBytes) {
		if _, err = literal.Write(part); err != nil {
			break
		}
	}
	return errors.Join(err, literal.Close())
}

// noteFetched marks a mail as read, unless all sections are fetched with PEEK or the folder is read-only. It returns the
// flags after that.
func (ss *session) noteFetched(m *message, sections []*imap.FetchItemBodySection) []imap.Flag {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	marksRead := func(section *imap.FetchItemBodySection) bool { return !section.Peek && !ss.view.readOnly }
	if slices.ContainsFunc(sections, marksRead) && !m.has(imap.FlagSeen) {
		m.setFlag(imap.FlagSeen, true)
		ss.boxes.changedLocked(ss.view.folder, m.uid, ChangeFlags)
	}
	return m.flagList()
}

// bodyStructure returns the structure of a mail. It replaces a multipart without parts by an empty text, because IMAP can't
// express it and the library panics.
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

// bodySection returns a section of a mail. It doesn't copy the whole mail or a part of its bytes.
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

	targets, err := ss.storeFlags(set, flags)
	if err != nil {
		return err
	}
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

// storeFlags changes the flags of the mails in a set of numbers, and returns these mails.
func (ss *session) storeFlags(set imap.NumSet, change *imap.StoreFlags) ([]target, error) {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	if ss.view.readOnly {
		return nil, noError("", "Mailbox is read-only")
	}
	targets := ss.view.targetsLocked(set)
	for _, t := range targets {
		t.msg.changeFlags(change)
		ss.view.known[t.seq-1].version = t.msg.version
		ss.boxes.changedLocked(ss.view.folder, t.msg.uid, ChangeFlags)
	}
	return targets, nil
}

func (m *message) changeFlags(change *imap.StoreFlags) {
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
	const remove = false
	return ss.copyTo(set, destName, remove)
}

// Move implements imapserver.SessionMove. The library polls after the command, which sends the EXPUNGE responses.
func (ss *session) Move(w *imapserver.MoveWriter, set imap.NumSet, destName string) error {
	const remove = true
	data, err := ss.copyTo(set, destName, remove)
	if err != nil {
		return err
	}
	if data == nil {
		return nil
	}
	return w.WriteCopyData(data)
}

// copyTo copies mails to a folder and, if remove is true, removes the originals. It returns nil if there is no mail.
func (ss *session) copyTo(set imap.NumSet, destName string, remove bool) (*imap.CopyData, error) {
	h, err := ss.beginCommand(OpMOVE)
	if err != nil {
		return nil, err
	}

	defer ss.endCommand(h)
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	dest := ss.acct.findFolder(destName)
	if dest == nil {
		return nil, noError(imap.ResponseCodeTryCreate, "No such mailbox")
	}
	mayRemove := dest != ss.view.folder && !ss.view.readOnly
	if remove && !mayRemove {
		return nil, noError(imap.ResponseCodeCannot, "Cannot move there")
	}

	data := &imap.CopyData{UIDValidity: dest.validity}
	moved := map[*message]bool{}
	for _, t := range ss.view.targetsLocked(set) {
		copied := ss.boxes.appendLocked(dest, t.msg.raw, t.msg.at, t.msg.flagList()...)
		data.SourceUIDs.AddNum(t.msg.uid)
		data.DestUIDs.AddNum(copied.uid)
		moved[t.msg] = remove
	}
	ss.boxes.removeLocked(ss.view.folder, func(m *message) bool { return moved[m] })
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

	defer ss.endCommand(h)
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	if ss.view.readOnly {
		return nil
	}
	inSet := func(uint32, imap.UID) bool { return true }
	if uids != nil {
		inSet = ss.view.containsLocked(*uids)
	}
	const noSeq = 0 // only UIDs matter
	ss.boxes.removeLocked(ss.view.folder, func(m *message) bool { return m.has(imap.FlagDeleted) && inSet(noSeq, m.uid) })
	return nil
}

// Poll implements imapserver.Session.
func (ss *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	updates, _ := ss.pending(allowExpunge)
	return writeUpdates(w, updates)
}

// pending returns the updates for the client about the selected folder, and a channel that is closed at the next change of
// the folder. Both are nil if no folder is selected.
func (ss *session) pending(allowExpunge bool) (updates []update, changed <-chan struct{}) {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	if ss.view == nil {
		return nil, nil
	}
	return ss.view.pendingLocked(allowExpunge), ss.view.folder.changed
}

// Idle implements imapserver.Session. It also announces changes from before the command, as a server must.
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
		var updates []update
		var changed <-chan struct{} // nil blocks forever
		if !silent {
			updates, changed = ss.pending(true)
		}
		if err := writeUpdates(w, updates); err != nil {
			return err
		}

		select {
		case <-changed:
		case <-stop:
			ss.endCommand(h)
			return nil
		case <-ss.fc.closed:
			return net.ErrClosed
		}
	}
}
