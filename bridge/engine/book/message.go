package book

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/bridge"
	"parley/channels/markdown"
	"parley/store"
)

// Message is a message that a batch has in hand.
type Message struct {
	store.Message
	Fresh, Dirty bool            // it is new in this batch; the batch changed it
	Decided      *bridge.Outcome // what somebody decided about it in this batch; with State "", its lines show what its fate says
	Elsewhere    bridge.Place    // where it was typed, if not in its conversation's thread; known only in the batch that makes it
}

// IsConfidential reports whether a rule of the agents' organisation keeps its own people from reading a message in the chat: then nobody
// is shown its words elsewhere either. It stays so when the message is deleted there.
func IsConfidential(m *store.Message) bool {
	hasNotLeft := m.Fate == store.FateFailed || m.Fate == store.FateDropped
	return hasNotLeft && m.Reason == bridge.ReasonConfidential
}

// Excerpt returns the beginning of a message's text in plain words, or the name of its first file if it has no text. It is empty for a
// confidential message.
func Excerpt(m *Message) string { return markdown.Plain(ExcerptParts(m)) }

// ExcerptParts returns the parts of which Excerpt is made. Each has one run without formatting.
func ExcerptParts(m *Message) []markdown.Part {
	if IsConfidential(&m.Message) {
		return nil
	}
	var kept []markdown.Part
	lines, runes := maxExcerptLines, maxExcerptRunes // the room that is left
	for _, p := range markdown.Parts(markdown.Cut(m.Text, maxExcerptSource)) {
		words := strings.TrimSpace(markdown.Plain([]markdown.Part{p}))
		typed := strings.Split(words, "\n")
		head := markdown.Cut(strings.Join(typed[:min(len(typed), lines)], "\n"), runes)
		if head != "" {
			p.Runs = []markdown.Run{{Text: head}}
			kept = append(kept, p)
			lines -= strings.Count(head, "\n") + 1
			runes -= utf8.RuneCountInString(head)
		}

		if len(head) < len(words) { // there is no room for more
			last := kept[len(kept)-1].Runs
			last[0].Text = strings.TrimSpace(last[0].Text) + "…"
			return kept
		}
	}

	if len(kept) == 0 && len(m.Files) > 0 {
		return []markdown.Part{{Kind: markdown.Section, Runs: []markdown.Run{{Text: m.Files[0].Name}}}}
	}

	return kept
}

// Bounds of an excerpt.
const (
	maxExcerptRunes  = 300
	maxExcerptLines  = 6
	maxExcerptSource = 8000 // runes of Markdown that are read for it
)

// richRow encodes rich content for a message's row. It returns nil if there is none.
func richRow(r *bridge.Rich) json.RawMessage {
	if r.Kind() == "" {
		return nil
	}
	return bridge.JSON(r)
}

// SaidIn returns those of a post's messages that customers wrote, oldest first. One post may show several.
func SaidIn(messages []store.Message) []bridge.Said {
	slices.SortFunc(messages, func(a, b store.Message) int { // providers' times are in full seconds, so that many are equal
		return cmp.Or(a.SaidAt.Compare(b.SaidAt), cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.ID, b.ID))
	})
	var list []bridge.Said
	for _, m := range messages {
		if m.Direction == store.DirectionIn {
			said := bridge.Said{MessageID: m.ID, At: m.SaidAt, Text: Excerpt(&Message{Message: m})}
			list = append(list, said)
		}
	}
	return list
}

// SurfaceFiles makes the rows of files that a person attached in a surface.
func SurfaceFiles(files []bridge.SurfaceFile) []store.FileRef {
	var refs []store.FileRef
	for i, f := range files {
		refs = append(refs, store.FileRef{
			Name:        f.Name,
			ContentType: f.ContentType,
			SizeBytes:   f.SizeBytes,
			Index:       i,
			Surface:     bridge.JSON(f),
			Blob:        f.Blob,
		})
	}
	return refs
}

// SetFate notes what becomes of a message, and why.
func (m *Message) SetFate(fate store.Fate, reason bridge.Reason) {
	m.Fate, m.Reason = fate, reason
	m.Dirty = true
}

// KeepInside makes a message a note that stays inside, and notes why.
func (m *Message) KeepInside(reason bridge.Reason) {
	m.Direction = store.DirectionNote
	m.SetFate(store.FateInside, reason)
}

// WordsMarkOf returns the bridge.WordsMark of a message: another one means that its text or its files were changed.
func WordsMarkOf(m *store.Message) string {
	names := make([]string, len(m.Files))
	for i, f := range m.Files {
		names[i] = f.Name
	}
	return bridge.WordsMark(m.Text, names)
}

// IsEmpty reports whether a message says nothing, so that there is nothing to send.
func IsEmpty(m *store.Message) bool {
	hasMore := len(m.Files) > 0 || len(m.Rich) > 0 || len(m.Template) > 0
	return m.Text == "" && !hasMore
}

// CompareSaid compares two messages by when they were said: by the order in which their facts were accepted. Ids of messages
// alone don't tell it, because each batch takes its ids from a block.
func CompareSaid(a, b *store.Message) int {
	return cmp.Or(cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.ID, b.ID))
}

// WasSaidAfter reports whether a message was said after another.
func WasSaidAfter(m, other *store.Message) bool { return CompareSaid(m, other) > 0 }

// isByCustomer reports whether a customer said a message, or may have, and no machine of the customer's.
func (m *Message) isByCustomer() bool { return m.Direction == store.DirectionIn && !m.IsByMachine() }

// IsByMachine reports whether a machine said a message: one of a customer's, or Parley by itself.
func (m *Message) IsByMachine() bool {
	return store.IsByMachine(m.Automatic) || m.Reason == store.ReasonMachine
}
