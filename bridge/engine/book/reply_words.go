package book

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// This file applies an agent's edit to a reply that may have left in part. A reply leaves as one or more deliveries, its parts;
// the span of a part says by numbers (FileRef.Index) which files it carries. As long as the whole reply can be taken back, an
// edit gives its files new numbers. After that a file keeps its number: an edit may remove files, by which a part can become empty,
// and added files get free numbers.

// maxEarlier is how many former texts of a delivery are kept for one attempt. People don't edit a reply more often while it is
// being sent, and the first of those texts is the one that was most likely sent.
const maxEarlier = 10

// FileChanges says what an edit does to the files of a reply. It names those that were removed.
type FileChanges struct {
	Stopped []string        // removed before they left
	Left    []string        // removed, but the customer has them
	Leaving []string        // removed, but their delivery leaves in pieces, has begun, and can't be stopped
	Failed  []string        // removed, but their delivery failed after its first piece: sent again, it goes on with them
	Added   []store.FileRef // added, but they don't leave
}

// IsNone reports whether there are no changes.
func (fc FileChanges) IsNone() bool {
	return len(fc.Stopped)+len(fc.Left)+len(fc.Leaving)+len(fc.Failed)+len(fc.Added) == 0
}

// AddedNames returns the names of the added files.
func (fc FileChanges) AddedNames() []string { return NamesOf(fc.Added) }

// Edits applies edits of replies to their deliveries in an outbox.
type Edits struct{ Outbox *Outbox }

// EditWords gives a reply the text and the files of an edit. Files that have left stay. If an attempt may have sent the former
// words, the delivery keeps them, for TakeSent.
func (ed Edits) EditWords(m *Message, text string, edit []store.FileRef) (changes FileChanges) {
	if present := withoutDeleted(edit); text != "" || len(present) > 0 {
		edit = present
	}
	ed.keepEarlier(m, func(parts Parts) {
		m.Text, m.Dirty = text, true
		isFixed := func(d *Delivery) bool { return d.State != store.Cancelled && !ed.Outbox.CanBeTakenBack(d) }
		if !slices.ContainsFunc(parts, isFixed) {
			m.Files = edit // with its own numbers
			return
		}

		kept, added, found := ed.keepFiles(parts, m.Files, edit)
		m.Files, changes = append(kept, ed.numberFiles(parts, m.Files, kept, added)...), found
		slices.SortFunc(m.Files, func(a, b store.FileRef) int { return cmp.Compare(a.Index, b.Index) })
	})
	return changes
}

// RemoveFiles takes the files out of a reply that are missing in an edit, except those that have left. It adds none.
func (ed Edits) RemoveFiles(m *Message, edit []store.FileRef) (changes FileChanges) {
	ed.keepEarlier(m, func(parts Parts) {
		kept, added, found := ed.keepFiles(parts, m.Files, withoutDeleted(edit))
		changes, changes.Added = found, added
		if len(kept) < len(m.Files) {
			m.Files, m.Dirty = kept, true
		}
	})
	return changes
}

// keepEarlier calls edit, which changes the message. If an attempt may have sent what a delivery carried before, the delivery
// keeps that.
func (ed Edits) keepEarlier(m *Message, edit func(Parts)) {
	parts := ed.Outbox.PartsOf(m)
	before := make([]outbound.EarlierText, len(parts))
	for i, d := range parts {
		before[i] = outbound.WordsOf(&m.Message, d.DecodedPayload().Span)
	}

	edit(parts)

	for i, d := range parts {
		p := d.DecodedPayload()
		if d.Attempt == 0 || before[i].Mark() == outbound.WordsOf(&m.Message, p.Span).Mark() {
			continue
		}

		before[i].Attempt = d.Attempt
		isOfOtherAttempt := func(e outbound.EarlierText) bool { return e.Attempt != d.Attempt }
		p.Earlier = slices.DeleteFunc(slices.Clone(p.Earlier), isOfOtherAttempt)
		if len(p.Earlier) < maxEarlier {
			p.Earlier = append(p.Earlier, before[i])
			d.SetPayload(p)
		}
	}
}

// keepFiles returns which of the known files of a reply stay after an edit, and which files the edit has added.
func (ed Edits) keepFiles(parts Parts, known, edit []store.FileRef) (kept, added []store.FileRef, changes FileChanges) {
	foundAt, isSure := matchFiles(known, edit)
	for i, f := range known {
		carrier := parts.carrierOf(f)
		switch {
		case foundAt[i] >= 0 && files.FromSurface(f).Unavailable != "": // perhaps it can be read now
			found := edit[foundAt[i]]
			found.Index = f.Index
			kept = append(kept, found)
		case foundAt[i] >= 0, !isSure:
			kept = append(kept, f)
		case len(parts) == 0, carrier != nil && carrier.IsAccepted(): // without parts the reply is old: it has left as a whole
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

// matchFiles finds the known files of a message in an edit. foundAt has for each its index there, or -1. isSure is false if the
// edit has a file that the chat could not describe and that no known file has the id of: that may be any of the known ones.
func matchFiles(known, edit []store.FileRef) (foundAt []int, isSure bool) {
	foundAt = slices.Repeat([]int{-1}, len(known))
	match := func(isSame func(a, b store.FileRef) bool) {
		for i, f := range known {
			for at, g := range edit {
				isTaken := foundAt[i] >= 0 || slices.Contains(foundAt, at)
				if !isTaken && isSame(f, g) {
					foundAt[i] = at
				}
			}
		}
	}

	match(func(a, b store.FileRef) bool { return fileID(a) != "" && fileID(a) == fileID(b) })
	match(func(a, b store.FileRef) bool {
		isSameType := strings.HasPrefix(a.ContentType, "image/") && a.ContentType == b.ContentType
		hasSameName := a.Name == b.Name || isSameType // chats name pasted pictures by their order
		return a.SizeBytes > 0 && a.SizeBytes == b.SizeBytes && hasSameName
	})

	isSure = true
	for at, f := range edit {
		isDescribed := f.SizeBytes > 0 && files.FromSurface(f).Unavailable == ""
		isSure = isSure && (isDescribed || slices.Contains(foundAt, at))
	}
	if !isSure {
		match(func(_, _ store.FileRef) bool { return true })
	}

	return foundAt, isSure
}

func fileID(f store.FileRef) string { return files.FromSurface(f).ID }

// withoutDeleted returns the files of an edit without those that were deleted in the chat, with new numbers.
func withoutDeleted(edit []store.FileRef) []store.FileRef {
	isDeleted := func(f store.FileRef) bool { return files.FromSurface(f).Unavailable == bridge.FileDeleted }
	present := slices.DeleteFunc(slices.Clone(edit), isDeleted)
	for i := range present {
		present[i].Index = i
	}
	return present
}

// numberFiles gives the files that an edit added to a reply their numbers: first free ones in the spans of parts that can still
// be changed, then new ones. before are the files of the reply before the edit, kept those that stay.
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

// AddParts makes deliveries for the files that an edit added to a reply and that no delivery carries. They leave after what
// waits of the reply. If the reply has failed, they wait for the click that sends it again. each is how many files the channel
// takes in a message.
func (ed Edits) AddParts(m *Message, each int) {
	parts := ed.Outbox.PartsOf(m)
	if len(parts) == 0 || each <= 0 {
		return
	}

	first := parts[0]
	p := first.DecodedPayload()
	if p.Span == nil { // it had no more files than one message takes
		if len(m.Files) <= each {
			return
		}
		p.Span = &outbound.Span{To: m.Files[each-1].Index + 1}
		first.SetPayload(p)
	}

	p.Earlier, p.Again = nil, 0 // these belong to the part with the text
	for added := range slices.Chunk(ed.extendLastPart(m, parts, each), each) {
		p.Span = &outbound.Span{From: added[0].Index, To: added[len(added)-1].Index + 1}
		d := ed.Outbox.EnqueueInOrder(ed.Outbox.Lanes[first.LaneID], first.OrderBy, m.ID, p, first.NotBefore)
		if m.Fate == store.FateFailed || first.State == store.Failed {
			ed.Outbox.Cancel(d)
		}
	}
}

// extendLastPart puts files that no part carries into the last part, if that can still be changed. It returns those that don't fit.
func (ed Edits) extendLastPart(m *Message, parts Parts, each int) []store.FileRef {
	rest := slices.DeleteFunc(slices.Clone(m.Files), func(f store.FileRef) bool { return parts.carrierOf(f) != nil })
	last := parts[len(parts)-1]
	p := last.DecodedPayload()
	isBefore := len(rest) > 0 && rest[0].Index < p.Span.From // a number that a removed file of an earlier part had
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

// TakeSent gives a message the text and the files that the customer got, if an edit came too late for the attempt that has
// landed. It returns which files that adds to the edited message (Left) and takes from it (Added), and drops the earlier words.
func (o *Outbox) TakeSent(m *Message) FileChanges {
	wanted := m.Files
	for _, d := range o.PartsOf(m) {
		p := d.DecodedPayload()
		if len(p.Earlier) == 0 {
			continue
		}

		sent, isEarlier := sentWords(m, d, leftInPieces(d, o.Deliveries[d.Joined]))
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

// sentWords returns what the last attempt at a delivery sent, if that was what the message said before an edit. inPieces means
// that the delivery left in several pieces: each had an attempt of its own, but all have the words of the first attempt.
func sentWords(m *Message, d *Delivery, inPieces bool) (sent outbound.EarlierText, isEarlier bool) {
	p := d.DecodedPayload()
	wasSent := func(e outbound.EarlierText) bool { return e.Mark() == d.Progress }
	earlier := slices.DeleteFunc(slices.Clone(p.Earlier), func(e outbound.EarlierText) bool {
		hasLeftBefore := inPieces && wasSent(e) // an earlier attempt sent a piece of it
		return e.Attempt != d.Attempt && !hasLeftBefore
	})
	if len(earlier) == 0 || wasSent(outbound.WordsOf(&m.Message, p.Span)) {
		return outbound.EarlierText{}, false
	}
	// If no earlier text fits, the process ended before it noted what it sent: that was most likely the first of them.
	at := max(slices.IndexFunc(earlier, wasSent), 0)
	return earlier[at], true
}

// leftInPieces reports whether a delivery left in several pieces. If it left as one message with others, first is the first of
// them, and nil otherwise.
func leftInPieces(d, first *Delivery) bool {
	if first != nil {
		return first.Part > 0
	}
	return d.Part > 0
}

// withoutFiles returns the files of a list that aren't in another.
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
