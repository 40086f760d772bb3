package engine

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

// Message is a message that a batch has loaded or made: one by a customer, a reply by an agent, or a note for
// colleagues. Its fate says what became of it, for example FateWaiting or FateInside (only colleagues see it).
type Message struct {
	store.Message
	Fresh, Dirty bool            // it is new in this batch; the batch changed it
	filesRead    bool            // see Outbox.FilesPost
	Decided      *bridge.Outcome // what a person decided about it in this batch; with State "", its lines show its fate
	Elsewhere    bridge.Place    // where it was typed, if not in its conversation's thread; set only in the batch that makes it
}

// IsConfidential reports whether a data-loss rule of the agents' organisation blocks a message in the chat. Its text
// is then shown nowhere else either, even after the message was deleted there.
func IsConfidential(m *store.Message) bool {
	hasNotLeft := m.Fate == store.FateFailed || m.Fate == store.FateDropped
	return hasNotLeft && m.Reason == bridge.ReasonConfidential
}

// Excerpt returns the beginning of a message in plain text, or the name of its first file if it has no text. It is
// empty for a confidential message.
func Excerpt(m *Message) string { return markdown.Plain(ExcerptParts(m)) }

// ExcerptParts returns the parts (paragraphs, list items …) of which Excerpt is made, each with one run of
// unformatted text.
func ExcerptParts(m *Message) []markdown.Part {
	if IsConfidential(&m.Message) {
		return nil
	}
	var kept []markdown.Part
	linesLeft, runesLeft := maxExcerptLines, maxExcerptRunes
	for _, p := range markdown.Parts(markdown.Cut(m.Text, maxExcerptSource)) {
		text := strings.TrimSpace(markdown.Plain([]markdown.Part{p}))
		lines := strings.Split(text, "\n")
		head := markdown.Cut(strings.Join(lines[:min(len(lines), linesLeft)], "\n"), runesLeft)
		if head != "" {
			p.Runs = []markdown.Run{{Text: head}}
			kept = append(kept, p)
			linesLeft -= strings.Count(head, "\n") + 1
			runesLeft -= utf8.RuneCountInString(head)
		}

		isCut := len(head) < len(text)
		if isCut {
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

// Limits of an excerpt.
const (
	maxExcerptRunes  = 300
	maxExcerptLines  = 6
	maxExcerptSource = 8000 // runes of Markdown that are parsed for it
)

// richRow encodes rich content (such as buttons) for a message's row. It returns nil if there is none.
func richRow(r *bridge.Rich) json.RawMessage {
	if r.Kind() == "" {
		return nil
	}
	return bridge.JSON(r)
}

// SaidIn returns the customers' messages among those that one post shows, oldest first. It sorts messages.
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

// SurfaceFiles returns rows for the files that a person attached in a surface, which is a chat of agents.
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

// SetFate sets the fate and its reason, and marks the message as changed.
func (m *Message) SetFate(fate store.Fate, reason bridge.Reason) {
	m.Fate, m.Reason = fate, reason
	m.Dirty = true
}

// KeepInside turns a message into a note for colleagues.
func (m *Message) KeepInside(reason bridge.Reason) {
	m.Direction = store.DirectionNote
	m.SetFate(store.FateInside, reason)
}

// WordsMarkOf returns the checksum of a message's text and file names (bridge.WordsMark), which changes when they do.
func WordsMarkOf(m *store.Message) string {
	names := make([]string, len(m.Files))
	for i, f := range m.Files {
		names[i] = f.Name
	}
	return bridge.WordsMark(m.Text, names)
}

// IsEmpty reports whether a message has no content to send.
func IsEmpty(m *store.Message) bool {
	hasMore := len(m.Files) > 0 || len(m.Rich) > 0 || len(m.Template) > 0
	return m.Text == "" && !hasMore
}

// CompareSaid compares two messages by the order in which their events were accepted. Message ids alone don't give
// that order, because each batch takes its ids from a block.
func CompareSaid(a, b *store.Message) int {
	return cmp.Or(cmp.Compare(a.EventID, b.EventID), cmp.Compare(a.ID, b.ID))
}

// WasSaidAfter reports whether a message came later than another, in the order of CompareSaid.
func WasSaidAfter(m, other *store.Message) bool { return CompareSaid(m, other) > 0 }

// isByCustomer reports whether a message came from the customer, and not from one of the customer's machines.
func (m *Message) isByCustomer() bool { return m.Direction == store.DirectionIn && !m.IsByMachine() }

// IsByMachine reports whether a message was sent automatically, on the customer's side or by Parley.
func (m *Message) IsByMachine() bool {
	return store.IsByMachine(m.Automatic) || m.Reason == store.ReasonMachine
}
