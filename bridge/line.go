package bridge

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// A line is a sentence or two that Parley itself writes into the thread of a conversation, or into a channel: "Ann
// took this", "Not delivered: the mailbox is full. [Send again]". The engine makes a Line without words. Package
// bot/view words it, so that every chat says the same. Lines wait in the table of deliveries as JSON until they are
// posted.

// Line is a remark of Parley's own in a thread or channel. Content has its kind and the fields of that kind alone.
// The other fields are common to many kinds: the comments in linekind.go say which ones a kind uses.
type Line struct {
	Content   LineContent `json:"-"`          // see MarshalJSON
	By        AgentRef    `json:",omitzero"`  // who caused it; zero means Parley or the customer
	Verb      Verb        `json:",omitempty"` // what By did, or what the reader asked for
	Mentions  []AgentRef  `json:",omitempty"` // whom the chat notifies
	Customer  PartyRef    `json:",omitzero"`  // whom it is about; zero means the conversation's customer
	Other     Facts       `json:",omitzero"`  // another conversation, which it links to
	SourceRef Place       `json:",omitzero"`  // the agent's message that it is about; zero means none
	Text      string      `json:",omitempty"` // a person's words, quoted below the line: a note, a message that was not sent. Markdown
	Rich      *Rich       `json:",omitempty"` // buttons, a place … that belong to Text, as the customer gets them
	Files     []LineFile  `json:",omitempty"` // files that belong to Text, uploaded to us
	Outcome   *Outcome    `json:",omitempty"` // what became of the message since the line was posted; nil means nothing new
	Verbs     []Verb      `json:",omitempty"` // buttons, in order
	Args      Args        `json:",omitzero"`  // arguments of Verb, and of the buttons
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

// MarshalJSON writes the kind, the common fields and the fields of the content into one flat object. Some fields of
// contents have another name there, because replicas of earlier versions read and write the same rows.
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

// UnmarshalJSON reads what MarshalJSON wrote, in this version or an earlier one. A kind that only a later version
// knows becomes an UnknownLine.
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

// hasOwnText reports whether a field of a content is stored as "Text", the name of the common field Line.Text. Then
// the stored value belongs to the content.
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
