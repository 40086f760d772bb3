package outbound

import (
	"cmp"
	"fmt"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/files"
	"parley/store"
)

// A reply with more files than one message takes leaves as several deliveries; a span says which files each carries. Agents may
// edit a reply while it is being sent: then the former words are kept (EarlierText) until it is known which ones were sent.

// Span says which of a message's files a delivery carries: those whose number (FileRef.Index) is From or more, but less than To.
// While a delivery may have carried a file, no edit gives the file's number to another one.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// HasText reports whether a delivery with this span also carries the text: the first one does, and the only one, which has no span.
func (s *Span) HasText() bool { return s == nil || s.From == 0 }

// FilesOf returns those files of a list that a delivery with this span carries: without a span all of them.
func (s *Span) FilesOf(list []store.FileRef) []store.FileRef {
	if s == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(f store.FileRef) bool { return !s.holds(f) })
}

func (s *Span) holds(f store.FileRef) bool { return f.Index >= s.From && f.Index < s.To }

// Restore returns a list of files in which carried, the files that a delivery with this span has carried, replace those that it
// would carry now.
func (s *Span) Restore(list, carried []store.FileRef) []store.FileRef {
	if s == nil {
		return carried
	}
	others := slices.DeleteFunc(slices.Clone(list), s.holds)
	return slices.SortedFunc(slices.Values(append(others, carried...)), func(a, b store.FileRef) int { return cmp.Compare(a.Index, b.Index) })
}

// EarlierText is what a delivery carried of a reply before the reply was edited. The attempt Attempt may have sent it.
type EarlierText struct {
	Attempt int             `json:"attempt"`
	Text    string          `json:"text"`
	Files   []store.FileRef `json:"files,omitzero"` // nil if they are not known: the version before didn't note them
}

// WordsOf returns what a delivery with a span carries of a message, without the attempt.
func WordsOf(m *store.Message, s *Span) EarlierText {
	words := EarlierText{Files: append([]store.FileRef{}, s.FilesOf(m.Files)...)}
	if s.HasText() {
		words.Text = m.Text
	}
	return words
}

// Mark returns a short string that stands for the words: another text, or other files, have another mark. An attempt notes as
// its progress the mark of what it sent.
func (e EarlierText) Mark() string {
	if len(e.Files) == 0 {
		return bridge.TextMark(e.Text)
	}
	names := make([]string, len(e.Files))
	for i, f := range e.Files {
		names[i] = fmt.Sprint(f.Index, " ", files.FromSurface(f).ID, " ", f.Name)
	}
	return bridge.WordsMark(e.Text, names)
}

// asBegun returns a message for the next piece of a delivery whose first piece has left. If the message was edited since, it has
// the words that the first piece was made of. progress is the mark of these words, p what the delivery carries.
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
