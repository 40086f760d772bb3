package engine

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// This file applies an agent's edit to a reply that may have left in part. A reply leaves as one or more deliveries,
// its parts; the span of a part says which files it carries, by their numbers (FileRef.Index).
//
// While the whole reply can still be taken back, an edit numbers its files anew. After that each file keeps its number.
// For example, a reply has files 0 to 11 in two parts, and the first part, with 0 to 9, has left. An edit that removes
// file 11 and adds another one gives 11 to the new file. An edit that removes 10 and 11 leaves the second part empty.

// maxEarlier is how many former versions of a delivery's text are kept for one attempt. Agents don't edit a reply
// more often while it is being sent, and the first version is the one that was most likely sent.
const maxEarlier = 10

// FileChanges describes what an edit does to the files of a reply. Removed files are listed by name.
type FileChanges struct {
	Stopped []string        // removed before they left
	Left    []string        // removed, but the customer has them
	Leaving []string        // removed, but a piece of their delivery has left and the rest can't be stopped
	Failed  []string        // removed, but their delivery failed after its first piece, and would go on with them if sent again
	Added   []store.FileRef // added, but not sent
}

// IsNone reports whether no file was removed or added.
func (fc FileChanges) IsNone() bool {
	return len(fc.Stopped)+len(fc.Left)+len(fc.Leaving)+len(fc.Failed)+len(fc.Added) == 0
}

// AddedNames returns the names of the added files.
func (fc FileChanges) AddedNames() []string { return NamesOf(fc.Added) }

// Edits applies agents' edits of replies to the deliveries in an outbox.
type Edits struct{ Outbox *Outbox }

// EditWords gives a reply the text and the files of an edit. Files that have left stay. If a running or unclear
// attempt may have sent the former content, the delivery keeps that for TakeSent.
func (ed Edits) EditWords(m *Message, text string, edit []store.FileRef) FileChanges {
	if present := withoutDeleted(edit); text != "" || len(present) > 0 {
		edit = present
	}
	parts := ed.Outbox.PartsOf(m)
	before := contentOf(m, parts)
	changes := ed.setWords(m, parts, text, edit)
	keepEarlier(m, parts, before)
	return changes
}

// setWords sets the text and the files of a message.
func (ed Edits) setWords(m *Message, parts Parts, text string, edit []store.FileRef) FileChanges {
	m.Text, m.Dirty = text, true
	isFixed := func(d *Delivery) bool { return d.State != store.Cancelled && !ed.Outbox.CanBeTakenBack(d) }
	if !slices.ContainsFunc(parts, isFixed) {
		m.Files = edit // with its own numbers
		return FileChanges{}
	}

	kept, added, changes := ed.keepFiles(parts, m.Files, edit)
	m.Files = append(kept, ed.numberFiles(parts, m.Files, kept, added)...)
	slices.SortFunc(m.Files, func(a, b store.FileRef) int { return cmp.Compare(a.Index, b.Index) })
	return changes
}

// RemoveFiles removes the files that are missing in an edit from a reply, except those that have left. It adds none.
func (ed Edits) RemoveFiles(m *Message, edit []store.FileRef) FileChanges {
	parts := ed.Outbox.PartsOf(m)
	before := contentOf(m, parts)
	kept, added, changes := ed.keepFiles(parts, m.Files, withoutDeleted(edit))
	changes.Added = added
	if len(kept) < len(m.Files) {
		m.Files, m.Dirty = kept, true
	}
	keepEarlier(m, parts, before)
	return changes
}

// keepEarlier stores what each part carried before an edit (see contentOf) with the parts that the edit has changed
// and that an attempt may have sent already.
func keepEarlier(m *Message, parts Parts, before []EarlierText) {
	for i, d := range parts {
		p := d.DecodedPayload()
		if d.Attempt == 0 || before[i].Mark() == WordsOf(&m.Message, p.Span).Mark() {
			continue
		}

		before[i].Attempt = d.Attempt
		isOfOtherAttempt := func(e EarlierText) bool { return e.Attempt != d.Attempt }
		p.Earlier = slices.DeleteFunc(slices.Clone(p.Earlier), isOfOtherAttempt)
		if len(p.Earlier) < maxEarlier {
			p.Earlier = append(p.Earlier, before[i])
			d.SetPayload(p)
		}
	}
}

// contentOf returns the text and the files that each part carries now.
func contentOf(m *Message, parts Parts) []EarlierText {
	content := make([]EarlierText, len(parts))
	for i, d := range parts {
		content[i] = WordsOf(&m.Message, d.DecodedPayload().Span)
	}
	return content
}

// keepFiles returns which known files of a reply it keeps after an edit, and which files the edit has added. A
// removed file is kept if at least a piece of its delivery has left.
func (ed Edits) keepFiles(parts Parts, known, edit []store.FileRef) (kept, added []store.FileRef, changes FileChanges) {
	foundAt, isSure := matchFiles(known, edit)
	for i, f := range known {
		carrier := parts.carrierOf(f)
		switch {
		case foundAt[i] >= 0 && FromSurface(f).Unavailable != "": // it may be readable now
			found := edit[foundAt[i]]
			found.Index = f.Index
			kept = append(kept, found)
		case foundAt[i] >= 0, !isSure:
			kept = append(kept, f)
		case len(parts) == 0, carrier != nil && carrier.IsAccepted(): // a reply without parts is old and has left as a whole
			kept, changes.Left = append(kept, f), append(changes.Left, f.Name)
		case carrier != nil && hasBegun(carrier) && hasEnded(carrier):
			kept, changes.Failed = append(kept, f), append(changes.Failed, f.Name)
		case carrier != nil && hasBegun(carrier): // the file may be a piece that has not left yet
			kept, changes.Leaving = append(kept, f), append(changes.Leaving, f.Name)
		case carrier == nil || ed.Outbox.canBeChanged(carrier):
			changes.Stopped = append(changes.Stopped, f.Name)
		}
	}

	for at, f := range edit {
		if !slices.Contains(foundAt, at) {
			added = append(added, f)
		}
	}

	return kept, added, changes
}

// matchFiles finds the known files of a message in an edit: by id, else by size and name. foundAt has the index in
// edit of each known file, or -1. isSure is false if the edit has a file that the chat could not describe and that
// matches no id: it may be any of the known files, so each such file is matched with one.
func matchFiles(known, edit []store.FileRef) (foundAt []int, isSure bool) {
	foundAt = slices.Repeat([]int{-1}, len(known))
	match := func(isSame func(a, b store.FileRef) bool) {
		for i, f := range known {
			for at, edited := range edit {
				isTaken := foundAt[i] >= 0 || slices.Contains(foundAt, at)
				if !isTaken && isSame(f, edited) {
					foundAt[i] = at
				}
			}
		}
	}

	match(func(a, b store.FileRef) bool { return fileID(a) != "" && fileID(a) == fileID(b) })
	match(func(a, b store.FileRef) bool {
		isSameType := strings.HasPrefix(a.ContentType, "image/") && a.ContentType == b.ContentType
		hasSameName := a.Name == b.Name || isSameType // chats number pasted pictures, so that their names change
		return a.SizeBytes > 0 && a.SizeBytes == b.SizeBytes && hasSameName
	})

	isSure = true
	for at, f := range edit {
		isDescribed := f.SizeBytes > 0 && FromSurface(f).Unavailable == ""
		isSure = isSure && (isDescribed || slices.Contains(foundAt, at))
	}
	if !isSure {
		match(func(_, _ store.FileRef) bool { return true })
	}

	return foundAt, isSure
}

func fileID(f store.FileRef) string { return FromSurface(f).ID }

// withoutDeleted returns the files of an edit without those deleted in the chat, numbered from 0.
func withoutDeleted(edit []store.FileRef) []store.FileRef {
	isDeleted := func(f store.FileRef) bool { return FromSurface(f).Unavailable == bridge.FileDeleted }
	present := slices.DeleteFunc(slices.Clone(edit), isDeleted)
	for i := range present {
		present[i].Index = i
	}
	return present
}

// numberFiles numbers the files that an edit added to a reply: first with free numbers in the spans of parts that can
// still be changed, then with new ones. before are the files of the reply before the edit, kept those that stay.
func (ed Edits) numberFiles(parts Parts, before, kept, added []store.FileRef) []store.FileRef {
	next, used := 0, map[int]bool{}
	for _, f := range before {
		next = max(next, f.Index+1)
	}
	for _, f := range kept {
		used[f.Index] = true
	}

	var free []int
	for _, d := range parts {
		s := d.DecodedPayload().Span
		if s == nil {
			continue
		}

		next = max(next, s.To)
		for n := s.From; n < s.To && ed.Outbox.canBeChanged(d); n++ {
			if !used[n] {
				free = append(free, n)
			}
		}
	}

	for i := range added {
		if i < len(free) {
			added[i].Index = free[i]
		} else {
			added[i].Index = next + i - len(free)
		}
	}

	return added
}

// AddParts makes deliveries for the files that an edit added to a reply and that no part carries. They leave after
// the queued parts. If the reply has failed, they wait until a click sends it again. each is how many files the
// channel takes in one message.
func (ed Edits) AddParts(m *Message, each int) {
	parts := ed.Outbox.PartsOf(m)
	if len(parts) == 0 || each <= 0 {
		return
	}

	first := parts[0]
	p := first.DecodedPayload()
	if p.Span == nil { // until now the reply was a single delivery
		if len(m.Files) <= each {
			return
		}
		p.Span = &Span{To: m.Files[each-1].Index + 1}
		first.SetPayload(p)
	}

	p.Earlier, p.Again = nil, 0 // these belong to the part with the text
	for added := range slices.Chunk(ed.extendLastPart(m, parts, each), each) {
		p.Span = &Span{From: added[0].Index, To: added[len(added)-1].Index + 1}
		d := ed.Outbox.EnqueueInOrder(ed.Outbox.Lanes[first.LaneID], first.OrderBy, m.ID, p, first.NotBefore)
		if m.Fate == store.FateFailed || first.State == store.Failed {
			ed.Outbox.Cancel(d)
		}
	}
}

// extendLastPart puts files that no part carries into the last part, if that can still be changed. It returns the
// files that don't fit.
func (ed Edits) extendLastPart(m *Message, parts Parts, each int) []store.FileRef {
	rest := slices.DeleteFunc(slices.Clone(m.Files), func(f store.FileRef) bool { return parts.carrierOf(f) != nil })
	last := parts[len(parts)-1]
	p := last.DecodedPayload()
	isBefore := len(rest) > 0 && rest[0].Index < p.Span.From // it has the free number of an earlier part's removed file
	if isBefore || last.State == store.Cancelled || !ed.Outbox.canBeChanged(last) {
		return rest
	}

	room := min(each-len(p.Span.FilesOf(m.Files)), len(rest))
	if room > 0 {
		span := *p.Span
		span.To = rest[room-1].Index + 1
		p.Span = &span
		last.SetPayload(p)
		rest = rest[room:]
	}

	return rest
}

// TakeSent sets a message's text and files back to what the customer got, if an edit came too late for the attempt that was
// accepted. It returns the files that the message gets by that (Left) and loses (Added), and discards the former versions.
func (o *Outbox) TakeSent(m *Message) FileChanges {
	wanted := m.Files
	for _, d := range o.PartsOf(m) {
		p := d.DecodedPayload()
		if len(p.Earlier) == 0 {
			continue
		}

		sent, isEarlier := sentWords(m, d, leftInPieces(d, o.Delivery(d.Joined)))
		p.Earlier = nil
		d.SetPayload(p)
		hasLeft := !hasEnded(d) || d.Part > 0
		if !isEarlier || !hasLeft {
			continue
		}

		m.Dirty = true
		if p.Span.HasText() {
			m.Text = sent.Text
		}
		if sent.Files != nil {
			m.Files = p.Span.Restore(m.Files, sent.Files)
		}
	}

	return FileChanges{Left: NamesOf(withoutFiles(m.Files, wanted)), Added: withoutFiles(wanted, m.Files)}
}

// sentWords returns what the last attempt at a delivery sent, if that was a version from before an edit. inPieces means
// that the delivery left in several pieces: each had an attempt of its own, but all have the words of the first attempt.
func sentWords(m *Message, d *Delivery, inPieces bool) (sent EarlierText, isEarlier bool) {
	p := d.DecodedPayload()
	wasSent := func(e EarlierText) bool { return e.Mark() == d.Progress }
	earlier := slices.DeleteFunc(slices.Clone(p.Earlier), func(e EarlierText) bool {
		hasLeftBefore := inPieces && wasSent(e) // an earlier attempt sent a piece of this version
		return e.Attempt != d.Attempt && !hasLeftBefore
	})
	if len(earlier) == 0 || wasSent(WordsOf(&m.Message, p.Span)) {
		return EarlierText{}, false
	}
	// If no version matches, the process ended before it recorded what it sent: most likely the first version.
	at := max(slices.IndexFunc(earlier, wasSent), 0)
	return earlier[at], true
}

// leftInPieces reports whether a delivery left in several pieces. first is the first delivery of the message with
// which d left, or nil if d left by itself.
func leftInPieces(d, first *Delivery) bool {
	if first != nil {
		return first.Part > 0
	}
	return d.Part > 0
}

// withoutFiles returns the files of a list that are not in other.
func withoutFiles(list, other []store.FileRef) []store.FileRef {
	return slices.DeleteFunc(slices.Clone(list), func(f store.FileRef) bool {
		return slices.ContainsFunc(other, func(g store.FileRef) bool { return f.Index == g.Index && f.Name == g.Name })
	})
}

// NamesOf returns the names of files.
func NamesOf(list []store.FileRef) []string {
	var names []string
	for _, f := range list {
		names = append(names, f.Name)
	}
	return names
}
