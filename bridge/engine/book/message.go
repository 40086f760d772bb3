package book

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// Excerpt returns the beginning of a message's text, else the name of its first file.
func Excerpt(m *Message) string {
	text := strings.TrimSpace(m.Text)
	if text == "" && len(m.Files) > 0 {
		text = m.Files[0].Name
	}
	lines := strings.Split(text, "\n")
	cut := len(lines) > excerptLines
	r := []rune(strings.Join(lines[:min(len(lines), excerptLines)], "\n"))
	if cut = cut || len(r) > excerptRunes; cut {
		return strings.TrimSpace(string(r[:min(len(r), excerptRunes)])) + "…"
	}
	return string(r)
}

// Bounds of an excerpt.
const (
	excerptRunes = 300
	excerptLines = 6
)

// richRow encodes rich content for a message's row; nil means there is none.
func richRow(r *bridge.Rich) json.RawMessage {
	if r.Kind() == "" {
		return nil
	}
	body, err := json.Marshal(r)
	if err != nil {
		panic("book: rich: " + err.Error()) // plain data; degrees were checked when it was read
	}
	return body
}

// SaidIn returns the messages of customers that a post shows: several where they were posted
// together.
func SaidIn(messages []store.Message) []bridge.Said {
	slices.SortFunc(messages, func(a, b store.Message) int { // providers count in seconds
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
		body, err := json.Marshal(f)
		if err != nil {
			panic("book: file: " + err.Error()) // our own plain struct
		}
		refs = append(refs, store.FileRef{Name: f.Name, ContentType: f.ContentType, SizeBytes: f.SizeBytes, Index: i, Surface: body, Blob: f.Blob})
	}
	return refs
}

// Message is a message that a batch has in hand.
type Message struct {
	store.Message
	Fresh, Dirty bool
	Decided      *bridge.Outcome // what somebody decided about it in this batch; State "" means that its fate decides what is shown
}

// WordsMarkOf marks what a message says now.
func WordsMarkOf(m *store.Message) string {
	names := make([]string, len(m.Files))
	for i, f := range m.Files {
		names[i] = f.Name
	}
	return bridge.WordsMark(m.Text, names)
}

// SaidAfter reports whether a message was said after another: by the order in which their facts
// were accepted; ids come from blocks and say nothing about it.
func SaidAfter(m, than *store.Message) bool {
	if m.EventID != than.EventID {
		return m.EventID > than.EventID
	}
	return m.ID > than.ID
}

// DeletedReason is the reason of a text that its author deleted before the customer had it.
const DeletedReason = "deleted"

// MustTellAuthor says for which reasons the author must learn, by a line in the thread, that
// the customer did not get the text. The others are what the author meant.
func MustTellAuthor(reason string) bool {
	switch reason {
	case "not_an_agent", "may_not_reply", "explicit_mode", "moved", "automatic", "not_open", "watch", "not_assignee", "unknown_verb", "lone_verb",
		"for_colleagues", "names_colleague", "file_alone", "after_remark", "confirm", "reply_mentions":
		return true
	}
	return false
}
