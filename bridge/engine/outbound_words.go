package engine

import (
	"cmp"
	"fmt"
	"slices"

	"parley/bridge"
	"parley/store"
)

// A reply with more files than one message takes leaves as several deliveries; the span of a delivery says which
// files it carries. For example, a reply with 12 files leaves as the spans {0 10} and {10 12}. If an agent edits
// a reply while it is being sent, the former version is kept (EarlierText) until it is known which one was sent.

// Span is the range of a message's files that a delivery carries: those with From <= FileRef.Index < To. While a
// delivery may have carried a file, no edit gives that file's number to another one. A nil *Span means the whole
// message.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// HasText reports whether a delivery with this span also carries the text. Only the first one does.
func (s *Span) HasText() bool { return s == nil || s.From == 0 }

// FilesOf returns the files of a list that a delivery with this span carries.
func (s *Span) FilesOf(list []store.FileRef) []store.FileRef {
	if s == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(f store.FileRef) bool { return !s.holds(f) })
}

func (s *Span) holds(f store.FileRef) bool { return f.Index >= s.From && f.Index < s.To }

// Restore returns list with carried, the files that a delivery with this span did carry, in place of those that
// it would carry now.
func (s *Span) Restore(list, carried []store.FileRef) []store.FileRef {
	if s == nil {
		return carried
	}
	others := slices.DeleteFunc(slices.Clone(list), s.holds)
	return slices.SortedFunc(slices.Values(append(others, carried...)), func(a, b store.FileRef) int { return cmp.Compare(a.Index, b.Index) })
}

// EarlierText is a version of what a delivery carries, from before an edit. Attempt may have sent it.
type EarlierText struct {
	Attempt int             `json:"attempt"`
	Text    string          `json:"text"`
	Files   []store.FileRef `json:"files,omitzero"` // nil if unknown: earlier versions of Parley didn't record them
}

// WordsOf returns what a delivery with a span carries of a message now, with Attempt 0.
func WordsOf(m *store.Message, s *Span) EarlierText {
	words := EarlierText{Files: append([]store.FileRef{}, s.FilesOf(m.Files)...)}
	if s.HasText() {
		words.Text = m.Text
	}
	return words
}

// Mark returns a checksum of the text and files. An attempt records the mark of what it sent as its progress.
func (e EarlierText) Mark() string {
	if len(e.Files) == 0 {
		return bridge.TextMark(e.Text)
	}
	names := make([]string, len(e.Files))
	for i, f := range e.Files {
		names[i] = fmt.Sprint(f.Index, " ", FromSurface(f).ID, " ", f.Name)
	}
	return bridge.WordsMark(e.Text, names)
}

// asBegun returns the message from which to make the next piece of a delivery whose first piece has left. If the
// message was edited since, it has the words of the first piece. progress is the mark of these words, p the
// delivery's payload.
func asBegun(m *store.Message, p Payload, progress string) *store.Message {
	for _, e := range p.Earlier {
		if e.Mark() != progress || WordsOf(m, p.Span).Mark() == progress {
			continue
		}

		begun := *m
		begun.Text = e.Text
		if e.Files != nil {
			begun.Files = p.Span.Restore(m.Files, e.Files)
		}
		return &begun
	}
	return m
}
