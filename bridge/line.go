package bridge

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// A line is a sentence or two of Parley's own in the thread in which agents see a conversation: "Ann took this", "Not
// delivered: the mailbox is full. [Send again]". The engine makes a Line as data without words, and package bot/view
// renders it, so that all chats use the same words. Until a line is posted, it is stored as JSON in the table of
// deliveries. Replicas of older and newer versions read and write the same rows.

// Line is a remark of Parley's own in a thread or channel. Content determines its kind and holds the fields of that kind.
// The other fields are common to many kinds; linekind.go says which ones a kind uses.
type Line struct {
	Content   LineContent `json:"-"`          // see MarshalJSON
	By        AgentRef    `json:",omitzero"`  // the agent who caused it; zero means Parley or the customer
	Verb      Verb        `json:",omitempty"` // what By did, or what the reader asked for
	Mentions  []AgentRef  `json:",omitempty"` // the agents whom the chat notifies
	Customer  PartyRef    `json:",omitzero"`  // the person it is about; zero means the conversation's customer
	Other     Facts       `json:",omitzero"`  // another conversation that it links to
	SourceRef Place       `json:",omitzero"`  // the agent's message that it is about; zero means none
	Text      string      `json:",omitempty"` // a person's words to quote below the line, such as a note or an unsent message, in Markdown
	Rich      *Rich       `json:",omitempty"` // buttons, a location and the like that belong to Text
	Files     []LineFile  `json:",omitempty"` // files that belong to Text, uploaded to us
	Outcome   *Outcome    `json:",omitempty"` // what happened to the message after the line was posted; nil means nothing new
	Verbs     []Verb      `json:",omitempty"` // buttons, in order
	Args      Args        `json:",omitzero"`  // arguments of Verb and of the buttons
}

// LineContent is the part of a line that depends on its kind: a struct such as *FailedLine or, for kinds without fields of
// their own, the LineKind itself.
type LineContent interface{ Kind() LineKind }

// Kind returns the kind of the line, or "" if it has no content.
func (l Line) Kind() LineKind {
	if l.Content == nil {
		return ""
	}
	return l.Content.Kind()
}

// LineFile is a file that a line names.
type LineFile struct {
	Name string
	URL  string `json:",omitempty"` // where to download it; "" if it can't be downloaded
}

// envelope is the common part of a Line. It has no methods, so encoding/json treats it as a plain struct.
type envelope Line

// MarshalJSON writes the kind, the common fields and the fields of the content into one flat object:
//
//	{"Kind":"failed","Text":"Hello","Reason":"The mailbox is full."}
//
// The tags of some fields keep the names that earlier versions use.
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

	content, err := json.Marshal(l.Content)
	if err != nil {
		return nil, err
	}
	if string(content) == "{}" {
		return row, nil
	}

	// Join the two objects: replace the closing brace of the first one and skip the opening brace of the second one.
	row[len(row)-1] = ','
	return append(row, content[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON of this or an earlier version wrote. A kind that only a newer version knows becomes
// an UnknownLine.
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
	if hasFieldText(l.Content) { // the value was read into both
		l.Text = ""
	}

	return nil
}

// hasFieldText reports whether a content has a field with the JSON name "Text", which is also the name of Line.Text. In a
// stored line the value belongs to the content.
func hasFieldText(content LineContent) bool {
	fields := reflect.TypeOf(content).Elem()
	for i := range fields.NumField() {
		name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ",")
		if name == "Text" {
			return true
		}
	}
	return false
}
