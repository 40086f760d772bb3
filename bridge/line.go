package bridge

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Line is a remark of Parley's own in a thread or channel. Content is what it says; the other fields are those that
// lines of many kinds have.
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

// LineContent is what a line says: a struct with the fields of one kind of line or, for kinds without fields of their
// own, the LineKind itself.
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

// MarshalJSON writes a line's kind, its fields and those of its content into one object. Some fields of contents have
// other names there than here, because processes of earlier versions read and write them, too.
func (l Line) MarshalJSON() ([]byte, error) {
	row, err := json.Marshal(struct {
		Kind LineKind
		envelope
	}{l.Kind(), envelope(l)})
	if err != nil {
		return nil, err
	}
	if l.Content == nil {
		return row, nil
	}
	if _, hasNoFields := l.Content.(LineKind); hasNoFields {
		return row, nil
	}

	own, err := json.Marshal(l.Content)
	if err != nil {
		return nil, err
	}
	if string(own) == "{}" {
		return row, nil
	}

	row[len(row)-1] = ',' // in place of the closing brace: the fields of own follow, without its opening one
	return append(row, own[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON wrote, in this version or an earlier one. A kind that is not known comes from a
// later version: it becomes an UnknownLine.
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
	if _, hasNoFields := l.Content.(LineKind); hasNoFields {
		return nil
	}
	if err := json.Unmarshal(row, l.Content); err != nil {
		return fmt.Errorf("bridge: %s line: %w", read.Kind, err)
	}
	if hasOwnText(l.Content) {
		l.Text = ""
	}

	return nil
}

// hasOwnText reports whether a content has a field of its own that is stored under the name of Line.Text.
func hasOwnText(c LineContent) bool {
	fields := reflect.TypeOf(c).Elem()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if name == "Text" {
			return true
		}
	}
	return false
}
