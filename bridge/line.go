package bridge

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Line is a remark of Parley's in a thread or channel: Content says what it tells, the other fields
// are what lines of many kinds have.
type Line struct {
	Content   LineContent `json:"-"`          // see MarshalJSON
	By        AgentRef    `json:",omitzero"`  // who caused it; zero means Parley or the customer
	Verb      Verb        `json:",omitempty"` // what By did, or what the reader asked for
	Mentions  []AgentRef  `json:",omitempty"` // who is to notice it
	Customer  PartyRef    `json:",omitzero"`  // whom it is about; zero means the conversation's customer
	Other     Facts       `json:",omitzero"`  // another conversation, to which it leads
	SourceRef Place       `json:",omitzero"`  // the person's message that it is about, "" means none
	Text      string      `json:",omitempty"` // a person's words, which are quoted below it: a kept message, a note. Canonical Markdown
	Rich      *Rich       `json:",omitempty"` // what goes with Text, as the customer gets it
	Files     []LineFile  `json:",omitempty"` // what goes with Text, uploaded to us
	Outcome   *Outcome    `json:",omitempty"` // what became of what it is about; nil means it is as the line says
	Verbs     []Verb      `json:",omitempty"` // buttons, in order
	Args      Args        `json:",omitzero"`  // what was done with Verb, and what the buttons are about
}

// LineContent is what a line tells: a struct with the fields of one kind of line, or a LineKind
// itself where a kind has no fields of its own.
type LineContent interface{ Kind() LineKind }

// Kind of the line; "" where it has no content.
func (l Line) Kind() LineKind {
	if l.Content == nil {
		return ""
	}
	return l.Content.Kind()
}

// LineFile is a file that a line names.
type LineFile struct {
	Name string
	URL  string `json:",omitempty"` // where it can be had; "" means nowhere
}

// envelope is a Line in JSON, without the fields of its content.
type envelope Line

// MarshalJSON writes a line's kind, its fields and those of its content into one object. The names
// of a content's fields in it are older than their names here: replicas that run an earlier version
// read them too.
func (l Line) MarshalJSON() ([]byte, error) {
	row, err := json.Marshal(struct {
		Kind LineKind
		envelope
	}{l.Kind(), envelope(l)})
	if err != nil {
		return nil, err
	}
	if _, bare := l.Content.(LineKind); bare || l.Content == nil {
		return row, nil
	}
	own, err := json.Marshal(l.Content)
	if err != nil || len(own) <= len("{}") {
		return row, err
	}
	return append(append(row[:len(row)-1], ','), own[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, in this version or an earlier one. A kind that is not
// known is a later version's: it becomes an UnknownLine.
func (l *Line) UnmarshalJSON(row []byte) error {
	var read struct {
		Kind LineKind
		envelope
	}
	if err := json.Unmarshal(row, &read); err != nil {
		return fmt.Errorf("bridge: line: %w", err)
	}
	*l = Line(read.envelope)
	if read.Kind == "" {
		return nil
	}
	l.Content = ContentOf(read.Kind, l.Verb)
	if _, bare := l.Content.(LineKind); bare {
		return nil
	}
	if err := json.Unmarshal(row, l.Content); err != nil {
		return fmt.Errorf("bridge: %s line: %w", read.Kind, err)
	}
	if storesText(l.Content) {
		l.Text = ""
	}
	return nil
}

// storesText reports whether a content has a field of its own that is stored under the name of Line.Text.
func storesText(c LineContent) bool {
	fields := reflect.TypeOf(c).Elem()
	for i := range fields.NumField() {
		if name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ","); name == "Text" {
			return true
		}
	}
	return false
}
